-- The data of the chart `workers`, as described at chart_data_write in cli/report/chart_data.h. ?1 run.
-- Block 0: caption, logical processors. Block 1: number, name, count of series, most workers, greatest speed-up
-- and greatest efficiency of each panel, one for each serial measurement, at most six. Block 2: number, title, panel and colour of each series.
-- From block 3 on, a block for each series: workers, speed-up, and its least and greatest that the intervals of both
-- medians leave possible.
WITH point AS (
  SELECT b.baseline, s.position, b.work, b.executor, b.chunk, b.workers,
         b.speed_up, coalesce(s.low_seconds / b.high_seconds, b.speed_up) AS low,
         coalesce(s.high_seconds / b.low_seconds, b.speed_up) AS high,
         min(b.workers) OVER same AS fewest, max(b.workers) OVER same AS most
    FROM named_measurement AS b JOIN measurement AS s ON s.measurement = b.baseline
   WHERE b.run = ?1 AND b.workers IS NOT NULL AND b.speed_up > 0
  WINDOW same AS (PARTITION BY b.baseline, b.executor, b.chunk)
), placed AS (
  SELECT *, dense_rank() OVER (ORDER BY position) AS panel,
         dense_rank() OVER (PARTITION BY baseline ORDER BY executor DESC, chunk) AS place
    FROM point WHERE most > fewest
), shown AS (
  SELECT *, dense_rank() OVER (ORDER BY panel, place) AS series FROM placed WHERE panel <= 6 AND place <= 6
), series AS (
  SELECT series, panel, place, executor, chunk, count(*) OVER (PARTITION BY panel, executor) AS variants
    FROM shown GROUP BY series
)
SELECT 0 AS block, caption AS a, processors AS b, NULL AS c, NULL AS d, NULL AS e, NULL AS f
  FROM run_caption WHERE run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, panel, work, count(DISTINCT series), max(workers),
       max(high), max(high / workers) FROM shown GROUP BY panel
UNION ALL
SELECT 2, series, executor || coalesce(', chunk ' || chunk, ''), panel,
       iif(variants > 1, place + 1, CASE executor WHEN 'threads' THEN 2 WHEN 'processes' THEN 3 ELSE 4 END), NULL, NULL
  FROM series
UNION ALL
SELECT series + 2, workers, speed_up, low, high, NULL, NULL FROM shown
ORDER BY block, a;
