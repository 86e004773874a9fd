-- The data of the chart `executors`, as described at chart_data_write in cli/report/chart_data.h. ?1 run,
-- of which the first 60 measurements are drawn; metrics are in the chart `history`, each with an axis of its own.
-- Block 0: caption, what is left out, title, and the text of the axis. Block 1: the name of each group with its height on
-- the chart. Block 2: height, label, median, low, high, label of the value, colour. A logarithmic axis has no 0: such a
-- figure is a little less than the least that is none.
WITH shown AS (
  SELECT *, first_value(position) OVER (PARTITION BY work ORDER BY position) AS first
    FROM (SELECT * FROM named_measurement WHERE run = ?1 AND median_seconds IS NOT NULL AND metric IS NULL ORDER BY position LIMIT 60)
), slot AS (
  SELECT -row_number() OVER (ORDER BY first, position) AS height, *
    FROM (SELECT DISTINCT first, -1 AS position, title, NULL AS measurement FROM shown
          UNION ALL SELECT first, position, title, measurement FROM shown)
), edge AS (
  SELECT coalesce(min(least) / 1.5, 1e-9) AS least
    FROM (SELECT nullif(median_seconds, 0) AS least FROM shown UNION ALL SELECT nullif(low_seconds, 0) FROM shown)
), note AS (
  SELECT 1 AS place, 'The first 60 of ' || count(*) || ' measurements; pricereport show ' || ?1 || ' lists all.' AS text
    FROM named_measurement WHERE run = ?1 AND median_seconds IS NOT NULL AND metric IS NULL HAVING count(*) > 60
  UNION ALL
  SELECT 3, 'Metrics are in the chart of the history: ' || count(*) || '.'
    FROM named_measurement WHERE run = ?1 AND metric IS NOT NULL HAVING count(*) > 0
  UNION ALL
  SELECT 2, 'At the left end: 0, which a logarithmic axis has not.'
   WHERE EXISTS (SELECT 1 FROM shown WHERE median_seconds = 0 OR low_seconds = 0)
)
SELECT 0 AS block, caption AS a, (SELECT group_concat(text, ' ') FROM (SELECT text FROM note ORDER BY place)) AS b,
       iif(subject IN ('map', 'query'), 'How long each executor takes', 'How long each ' || subject || ' takes') AS c,
       iif(subject IN ('map', 'query'), 'median time of one ' || subject || ' with its 95 % interval, and its speed-up over serial',
           'median time of one execution with its 95 % interval') AS d,
       NULL AS e, NULL AS f, NULL AS g
  FROM run_caption WHERE run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, height, title, NULL, NULL, NULL, NULL, NULL FROM slot WHERE measurement IS NULL
UNION ALL
SELECT 2, s.height, h.way, max(h.median_seconds, least), max(coalesce(h.low_seconds, h.median_seconds), least),
       max(coalesce(h.high_seconds, h.median_seconds), least),
       duration(h.median_seconds) || iif(h.executor = 'serial' OR h.speed_up IS NULL, '', '   ' || times(h.speed_up)),
       h.colour
  FROM slot AS s JOIN shown AS h USING (measurement), edge
ORDER BY block, a DESC;
