-- The data of the chart `executors`, as described at chart_data_write in cli/report/chart_data.h. ?1 run,
-- of which the first 60 measurements are drawn.
-- Block 0: title and caption. Block 1: the name of each group with its height on the chart. Block 2: height, label,
-- median, low, high, label of the value, colour.
WITH shown AS (
  SELECT *, first_value(position) OVER (PARTITION BY work ORDER BY position) AS first
    FROM (SELECT * FROM named_measurement WHERE run = ?1 AND median_seconds IS NOT NULL ORDER BY position LIMIT 60)
), slot AS (
  SELECT -row_number() OVER (ORDER BY first, position) AS height, *
    FROM (SELECT DISTINCT first, -1 AS position, work, NULL AS measurement FROM shown
          UNION ALL SELECT first, position, work, measurement FROM shown)
)
SELECT 0 AS block, caption || iif((SELECT count(*) FROM named_measurement WHERE run = ?1) > 60, ' · the first 60 measurements', '') AS a,
       NULL AS b, NULL AS c, NULL AS d, NULL AS e, NULL AS f, NULL AS g
  FROM run_caption WHERE run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, height, work, NULL, NULL, NULL, NULL, NULL FROM slot WHERE measurement IS NULL
UNION ALL
SELECT 2, s.height, h.way, h.median_seconds, coalesce(h.low_seconds, h.median_seconds),
       coalesce(h.high_seconds, h.median_seconds),
       duration(h.median_seconds) || iif(h.executor = 'serial', '', coalesce('   ' || times(h.speed_up), '')),
       h.colour
  FROM slot AS s JOIN shown AS h USING (measurement)
ORDER BY block, a DESC;
