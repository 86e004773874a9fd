-- The data of the chart `history`, as described at chart_data_write in cli/report/chart_data.h. ?1 run, whose benchmarks are
-- followed over the runs of its machine, without what was excluded. ?2 part: up to eight panels over up to 1000 runs, the newest first.
-- Block 0: caption, what this part has. Block 1: number, name, count of series, the unit of the axis ('s of time': not that of a metric)
-- and the text of the axis of each panel,
-- of which every work has as many as it takes for eight series each. Block 2: number, title, panel and
-- colour of each series, one for each benchmark, and its number among those of its colour. From block 3 on, a block for
-- each series: position on the axis, median, low, high, label of a change point, and 1 where one is; of the changes of one
-- panel at one position the highest has the label, with the range of all. The last block: positions and their labels, of which at most
-- eight fit; the newest run always has one.
WITH followed AS (
  SELECT benchmark, title, way, position, colour, median_seconds AS newest, metric, unit,
         first_value(position) OVER (PARTITION BY work ORDER BY position) AS first,
         (row_number() OVER (PARTITION BY work ORDER BY position) - 1) / 8 AS page,
         (count(*) OVER (PARTITION BY work) + 7) / 8 AS pages
    FROM named_measurement WHERE run = ?1 AND median_seconds IS NOT NULL
), recent AS MATERIALIZED (
  SELECT run, (row_number() OVER (ORDER BY place DESC, started_at DESC, run DESC) - 1) / 1000 AS span
    FROM (SELECT DISTINCT run, started_at, place FROM valid JOIN temp.run_place USING (run)
           WHERE benchmark IN (SELECT benchmark FROM followed) AND machine = (SELECT machine FROM run WHERE run = ?1))
), place AS MATERIALIZED (
  SELECT run, span, row_number() OVER (PARTITION BY span ORDER BY v.place, v.started_at, run) AS place, count(*) OVER (PARTITION BY span) AS places
    FROM recent JOIN (SELECT run, started_at, place FROM main.run JOIN temp.run_place USING (run)) AS v USING (run)
), panel AS MATERIALIZED (
  -- of every span those of which it has a point
  SELECT span, first, page, row_number() OVER (PARTITION BY span ORDER BY first, page) - 1 AS number
    FROM (SELECT DISTINCT span, first, page FROM followed JOIN valid AS v USING (benchmark) JOIN place USING (run))
), sheet AS MATERIALIZED (
  SELECT *, dense_rank() OVER (ORDER BY span, number / 8) AS part FROM panel
), series AS MATERIALIZED (
  SELECT row_number() OVER (ORDER BY s.number, f.position) AS series, f.*, s.span, dense_rank() OVER (ORDER BY s.number) AS panel,
         row_number() OVER (PARTITION BY s.number, colour ORDER BY f.position) AS shape
    FROM followed AS f JOIN sheet AS s USING (first, page)
   WHERE s.part = ?2 AND EXISTS (SELECT 1 FROM valid AS v JOIN place AS p USING (run) WHERE v.benchmark = f.benchmark AND p.span = s.span)
), name AS MATERIALIZED (
  SELECT run, coalesce(nullif(trim(label), ''), substr(commit_id, 1, 7) || iif(dirty, '+', ''), '#' || run) AS name
    FROM run WHERE run IN (SELECT run FROM place WHERE span = (SELECT span FROM series))
), short AS MATERIALIZED (
  SELECT name, shortened(name, 11, lag(name) OVER alike, lead(name) OVER alike) AS short_name
    FROM (SELECT DISTINCT name FROM name) WINDOW alike AS (ORDER BY name)
), point AS (
  SELECT s.series, m.run, p.place, p.places, m.median_seconds, m.low_seconds, m.high_seconds,
         s.panel, c.measurement IS NOT NULL AS changed, c.confirmed, 100 * (c.after - c.before) / abs(nullif(c.before, 0.0)) AS percent
    FROM series AS s JOIN measurement AS m USING (benchmark) JOIN valid AS v USING (measurement)
    JOIN place AS p ON p.run = m.run AND p.span = s.span
    LEFT JOIN temp.change AS c USING (measurement)
   WHERE m.median_seconds IS NOT NULL
), span AS (
  SELECT panel AS p, place AS x, printf('%+.0f', min(percent)) AS least, printf('%+.0f', max(percent)) AS most, max(confirmed) AS confirmed, max(median_seconds) AS highest
    FROM point WHERE changed GROUP BY panel, place
), labelled AS (
  SELECT t.*, CASE WHEN median_seconds < highest OR highest IS NULL THEN '' WHEN s.confirmed = 0 THEN '?' WHEN least IS NULL THEN 'from 0'
                   WHEN least = most THEN most || ' %' ELSE least || ' … ' || most || ' %' END AS change
    FROM point AS t LEFT JOIN span AS s ON p = panel AND x = place AND changed
), note AS (
  SELECT part_note(?2, (SELECT max(part) FROM sheet), 'history',
                   (SELECT 'measurements ' || min(number) || ' to ' || max(number) || ' of ' || max(numbers)
                      FROM (SELECT benchmark, row_number() OVER (ORDER BY first, position) AS number, count(*) OVER () AS numbers FROM followed)
                     WHERE benchmark IN (SELECT benchmark FROM series))
                   || (SELECT iif(max(span) > 0, ', runs ' || (runs - newer - here + 1) || ' to ' || (runs - newer) || ' of ' || runs, '')
                         FROM (SELECT span, count(*) OVER () AS runs FROM recent),
                              (SELECT count(*) AS newer FROM recent WHERE span < (SELECT span FROM series)),
                              (SELECT count(*) AS here FROM recent WHERE span = (SELECT span FROM series)))) AS text
)
SELECT 0 AS block, shortened(k.fingerprint, 100, NULL, NULL) AS a, (SELECT text FROM note) AS b, NULL AS c, NULL AS d, NULL AS e, NULL AS f
  FROM run AS r JOIN machine AS k USING (machine) WHERE r.run = ?1 AND EXISTS (SELECT 1 FROM point)
UNION ALL
SELECT 1, panel, max(title) || iif(max(pages) > 1, ' (' || (page + 1) || ' of ' || max(pages) || ')', ''), count(*),
       iif(max(metric) IS NULL, 's of time', replace(coalesce(max(unit), ''), '%', '%%')),
       coalesce(shortened(max(metric) || coalesce(' in ' || max(unit), ''), 28, NULL, NULL),
                'median time of one ' || (SELECT iif(subject IN ('map', 'query'), subject, 'execution') FROM run_caption WHERE run = ?1)), NULL
  FROM series GROUP BY panel
UNION ALL
SELECT 2, series, ltrim(way || '  ' || shortened(figure(newest, metric, unit), 18, NULL, NULL)), panel, colour, shape, NULL FROM series
UNION ALL
SELECT series + 2, place, median_seconds, coalesce(low_seconds, median_seconds), coalesce(high_seconds, median_seconds),
       change, changed
  FROM labelled
UNION ALL
SELECT (SELECT max(series) + 3 FROM series), place, short_name, places, NULL, NULL, NULL
  FROM place JOIN name USING (run) JOIN short USING (name)
 WHERE span = (SELECT span FROM series) AND (places - place) % ((places + 7) / 8) = 0
ORDER BY block, a;
