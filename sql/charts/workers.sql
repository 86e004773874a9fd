-- The data of the chart `workers`, as described at chart_data_write in cli/report/chart_data.h. ?1 run, ?2 part: up to four
-- panels, each of a serial measurement with up to nine series.
-- Block 0: caption, logical processors, what this part has. Block 1: number, name, count of series, most workers, greatest speed-up
-- and greatest efficiency of each panel. Block 2:
-- number, title, panel and colour of each series, and its number among those of its colour.
-- From block 3 on, a block for each series: workers, speed-up, and its least and greatest that the intervals of both
-- medians leave possible.
WITH point AS (
  SELECT b.baseline, s.position, b.title, b.executor, b.colour, b.chunk, b.workers,
         b.speed_up, coalesce(s.low_seconds / b.high_seconds, b.speed_up) AS low,
         coalesce(s.high_seconds / b.low_seconds, b.speed_up) AS high,
         min(b.workers) OVER same AS fewest, max(b.workers) OVER same AS most
    FROM named_measurement AS b JOIN measurement AS s ON s.measurement = b.baseline
   WHERE b.run = ?1 AND b.workers IS NOT NULL AND b.speed_up > 0
  WINDOW same AS (PARTITION BY b.baseline, b.executor, b.chunk)
), placed AS (
  SELECT *, dense_rank() OVER (PARTITION BY baseline ORDER BY executor DESC, chunk) - 1 AS place FROM point WHERE most > fewest
), paged AS (
  SELECT *, dense_rank() OVER (ORDER BY position, place / 9) AS whole_panel, max(place / 9) OVER (PARTITION BY baseline) + 1 AS pages,
         dense_rank() OVER (ORDER BY position, place) AS number
    FROM placed
), shown AS (
  SELECT *, dense_rank() OVER (ORDER BY whole_panel) AS panel, dense_rank() OVER (ORDER BY number) AS series
    FROM paged WHERE (whole_panel - 1) / 4 = ?2 - 1
), series AS (
  SELECT series, panel, executor, chunk, colour,
         row_number() OVER (PARTITION BY panel, colour ORDER BY place) AS shape
    FROM shown GROUP BY series
), note AS (
  SELECT 1 AS place, part_note(?2, (max(whole_panel) + 3) / 4, 'workers', (SELECT 'lines ' || min(number) || ' to ' || max(number) FROM shown) || ' of ' || max(number)) AS text FROM paged
  UNION ALL
  SELECT 2, 'Without ' || count(*) || iif(count(*) = 1, ' measurement', ' measurements') || ' whose median is 0, or that of serial: there is no speed-up.'
    FROM named_measurement WHERE run = ?1 AND workers IS NOT NULL AND median_seconds IS NOT NULL AND baseline IS NOT NULL AND coalesce(speed_up, 0) = 0 HAVING count(*) > 0
  UNION ALL
  SELECT 3, 'Without ' || count(*) || ' of one number of workers alone.' FROM point WHERE most = fewest HAVING count(*) > 0
)
SELECT 0 AS block, caption AS a, processors AS b, (SELECT group_concat(text, ' ') FROM (SELECT text FROM note ORDER BY place)) AS c, NULL AS d, NULL AS e, NULL AS f
  FROM run_caption WHERE run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, panel, title || iif(pages > 1, ' (' || (place / 9 + 1) || ' of ' || pages || ')', ''), count(DISTINCT series), max(workers),
       max(high), max(high / workers) FROM shown GROUP BY panel
UNION ALL
SELECT 2, series, executor || coalesce(', chunk ' || chunk, ''), panel,
       colour, shape, NULL
  FROM series
UNION ALL
SELECT series + 2, workers, speed_up, low, high, NULL, NULL FROM shown
ORDER BY block, a;
