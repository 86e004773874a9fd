-- The data of the chart `executors`, as described at write_rows in cli/chart.c. ?1 run.
-- Block 0: title and caption. Block 1: the name of each group with its height on the chart. Block 2: height, label,
-- median, low, high, label of the value, colour.
WITH shown AS (
  SELECT *, first_value(position) OVER (PARTITION BY benchmark ORDER BY position) AS first
    FROM history WHERE run = ?1 AND median_seconds IS NOT NULL
), slot AS (
  SELECT -row_number() OVER (ORDER BY first, position) AS height, *
    FROM (SELECT DISTINCT first, -1 AS position, benchmark, NULL AS measurement FROM shown
          UNION ALL SELECT first, position, benchmark, measurement FROM shown)
)
SELECT 0 AS block, 'Run ' || r.run || coalesce(' · ' || substr(r.label, 1, 40), '') || ' · '
       || strftime('%Y-%m-%d %H:%M', r.started_at, 'localtime') || ' · ' || substr(k.processor, 1, 40) || ' × '
       || k.processors AS a, NULL AS b, NULL AS c, NULL AS d, NULL AS e, NULL AS f, NULL AS g
  FROM run AS r JOIN machine AS k USING (machine) WHERE r.run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, height, substr(benchmark, 1, 60), NULL, NULL, NULL, NULL, NULL FROM slot WHERE measurement IS NULL
UNION ALL
SELECT 2, s.height, substr(h.variant, 1, 30), h.median_seconds, coalesce(h.low_seconds, h.median_seconds),
       coalesce(h.high_seconds, h.median_seconds),
       duration(h.median_seconds) || iif(h.executor = 'serial', '', coalesce('   ' || times(h.speed_up), '')),
       CASE h.executor WHEN 'serial' THEN 1 WHEN 'threads' THEN 2 WHEN 'processes' THEN 3 ELSE 4 END
  FROM slot AS s JOIN shown AS h USING (measurement)
ORDER BY block, a DESC;
