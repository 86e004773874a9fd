-- The data of the chart `history`, as described at chart_data_write in cli/report/chart_data.h. ?1 run, whose benchmarks are
-- followed over the runs of its machine, without what was excluded, the newest 300 of them, and no more
-- than 4000 points.
-- Block 0: caption, what is left out, and the text of the axes. Block 1: number, name, count of series, and 1 and the unit of a metric, of each panel,
-- of which every work has as many as it takes for eight series each; at most twelve. Block 2: number, title, panel and
-- colour of each series, one for each benchmark, and its number among those of its colour. From block 3 on, a block for
-- each series: position on the axis, median, low, high, label of the position, label of a change point.
WITH followed AS (
  SELECT benchmark, title, way, position, colour, median_seconds AS newest, metric, unit,
         first_value(position) OVER (PARTITION BY work ORDER BY position) AS first,
         (row_number() OVER (PARTITION BY work ORDER BY position) - 1) / 8 AS page,
         (count(*) OVER (PARTITION BY work) + 7) / 8 AS pages,
         row_number() OVER (PARTITION BY work, colour ORDER BY position) AS shape
    FROM named_measurement WHERE run = ?1 AND median_seconds IS NOT NULL
), panel AS (
  SELECT row_number() OVER (ORDER BY first, page) AS panel, first, page, count(*) AS series, metric IS NOT NULL AS other, replace(coalesce(unit, ''), '%', '%%') AS unit,
         title || iif(pages > 1, ' (' || (page + 1) || ' of ' || pages || ')', '') AS title
    FROM followed GROUP BY first, page ORDER BY first, page LIMIT 12
), series AS (
  SELECT row_number() OVER (ORDER BY p.panel, f.position) AS series, f.*, p.panel
    FROM followed AS f JOIN panel AS p USING (first, page)
), recent AS MATERIALIZED (
  SELECT run, started_at, row_number() OVER (ORDER BY place DESC, started_at DESC, run DESC) AS age
    FROM (SELECT DISTINCT run, started_at, place FROM valid JOIN temp.run_place USING (run)
           WHERE benchmark IN (SELECT benchmark FROM series) AND machine = (SELECT machine FROM run WHERE run = ?1))
), place AS MATERIALIZED (
  SELECT run, row_number() OVER (ORDER BY age DESC) AS place, count(*) OVER () AS places FROM recent 
   WHERE age <= min(300, 4000 / (SELECT count(*) FROM series))
), name AS MATERIALIZED (
  SELECT run, coalesce(label, substr(commit_id, 1, 7) || iif(dirty, '+', ''), '#' || run) AS name
    FROM run WHERE run IN (SELECT run FROM place)
), short AS MATERIALIZED (
  SELECT name, shortened(name, 11, lag(name) OVER alike, lead(name) OVER alike) AS short_name
    FROM (SELECT DISTINCT name FROM name) WINDOW alike AS (ORDER BY name)
), point AS (
  SELECT s.series, m.run, p.place, p.places, m.median_seconds, m.low_seconds, m.high_seconds, short_name,
         CASE WHEN c.confirmed = 0 THEN '?'
              WHEN c.measurement IS NOT NULL THEN printf('%+.0f %%', 100 * (c.after / c.before - 1)) ELSE '' END AS change
    FROM series AS s JOIN measurement AS m USING (benchmark) JOIN valid AS v USING (measurement)
    JOIN place AS p ON p.run = m.run JOIN name AS n ON n.run = m.run JOIN short USING (name)
    LEFT JOIN temp.change AS c USING (measurement)
   WHERE m.median_seconds IS NOT NULL
)
SELECT 0 AS block, k.fingerprint || iif((SELECT max(age) FROM recent) > (SELECT count(*) FROM place), ' · the newest ' || (SELECT count(*) FROM place) || ' of ' || (SELECT max(age) FROM recent) || ' runs', '') AS a,
       (SELECT 'Left out for want of room: ' || (count(*) - (SELECT count(*) FROM series)) || ' of ' || count(*)
                        || ' measurements, those after ' || (SELECT title || iif(way = '', '', ', ' || way) FROM series ORDER BY series DESC LIMIT 1) || '.'
                   FROM followed HAVING count(*) > (SELECT count(*) FROM series)) AS b,
       'median time of one ' || iif(subject IN ('map', 'query'), subject, 'execution') AS c, NULL AS d, NULL AS e, NULL AS f
  FROM run AS r JOIN machine AS k USING (machine) JOIN run_caption USING (run) WHERE r.run = ?1 AND EXISTS (SELECT 1 FROM point)
UNION ALL
SELECT 1, panel, title, series, other, unit, NULL FROM panel
UNION ALL
SELECT 2, series, ltrim(way || '  ' || figure(newest, metric, unit)), panel, colour, shape, NULL FROM series
UNION ALL
SELECT series + 2, place, median_seconds, coalesce(low_seconds, median_seconds), coalesce(high_seconds, median_seconds),
       -- at most eight labels fit; the newest run always has one
       iif((places - place) % ((places + 7) / 8) = 0, short_name, ''),
       change
  FROM point
ORDER BY block, a;
