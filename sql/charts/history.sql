-- The data of the chart `history`, as described at chart_data_write in cli/report/chart_data.h. ?1 run, whose benchmarks are
-- followed over the runs of its machine, without what was excluded, the newest 300 of them, and no more
-- than 4000 points.
-- Block 0: caption. Block 1: number, name and count of series of each panel, one for each work, at most
-- eight. Block 2: number, title and panel of each series, one for each benchmark, at most eight a panel. From block 3 on,
-- a block for each series: place on the axis, median, low, high, label of the place, label of a change point.
WITH followed AS (
  SELECT benchmark, work, way, position, median_seconds AS newest,
         first_value(position) OVER (PARTITION BY work ORDER BY position) AS first,
         row_number() OVER (PARTITION BY work ORDER BY position) AS number
    FROM named_measurement WHERE run = ?1 AND median_seconds IS NOT NULL
), panel AS (
  SELECT row_number() OVER (ORDER BY first) AS panel, first, work, count(*) AS series
    FROM followed WHERE number <= 8 GROUP BY first ORDER BY first LIMIT 8
), series AS (
  SELECT row_number() OVER (ORDER BY p.panel, f.position) AS series, f.*, p.panel
    FROM followed AS f JOIN panel AS p USING (first) WHERE f.number <= 8
), recent AS MATERIALIZED (
  SELECT run, started_at, row_number() OVER (ORDER BY started_at DESC, run DESC) AS age
    FROM (SELECT DISTINCT run, started_at FROM valid
           WHERE benchmark IN (SELECT benchmark FROM series) AND machine = (SELECT machine FROM run WHERE run = ?1))
), place AS MATERIALIZED (
  SELECT run, row_number() OVER (ORDER BY age DESC) AS place, count(*) OVER () AS places FROM recent 
   WHERE age <= min(300, 4000 / (SELECT count(*) FROM series))
), point AS (
  SELECT s.series, m.run, p.place, p.places, m.median_seconds, m.low_seconds, m.high_seconds,
         coalesce(r.label, substr(r.commit_id, 1, 7) || iif(r.dirty, '+', ''), '#' || r.run) AS name,
         CASE WHEN c.confirmed = 0 THEN '?'
              WHEN c.measurement IS NOT NULL THEN printf('%+.0f %%', 100 * (c.after / c.before - 1)) ELSE '' END AS change
    FROM series AS s JOIN measurement AS m USING (benchmark) JOIN valid AS v USING (measurement)
    JOIN place AS p ON p.run = m.run JOIN run AS r ON r.run = m.run
    LEFT JOIN temp.change AS c USING (measurement)
   WHERE m.median_seconds IS NOT NULL
)
SELECT 0 AS block, k.fingerprint || iif((SELECT max(age) FROM recent) > (SELECT count(*) FROM place), ' · the newest ' || (SELECT count(*) FROM place) || ' of ' || (SELECT max(age) FROM recent) || ' runs', '') AS a,
       NULL AS b, NULL AS c, NULL AS d, NULL AS e, NULL AS f
  FROM run AS r JOIN machine AS k USING (machine) WHERE r.run = ?1 AND EXISTS (SELECT 1 FROM point)
UNION ALL
SELECT 1, panel, work, series, NULL, NULL, NULL FROM panel
UNION ALL
SELECT 2, series, way || '  ' || duration(newest), panel, NULL, NULL, NULL FROM series
UNION ALL
SELECT series + 2, place, median_seconds, coalesce(low_seconds, median_seconds), coalesce(high_seconds, median_seconds),
       -- at most eight labels fit; the newest run always has one
       iif((places - place) % ((places + 7) / 8) = 0, iif(length(name) > 11, substr(name, 1, 10) || '…', name), ''),
       change
  FROM point
ORDER BY block, a;
