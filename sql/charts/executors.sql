-- The data of the chart `executors`, as described at chart_data_write in cli/report/chart_data.h. ?1 run, ?2 part: up to 60
-- measurements of times, or of one metric.
-- Block 0: caption, what this part has, title, text of the axis, 1 for a logarithmic axis, and the unit of a metric. Block 1: the name
-- of each group with its height on the chart. Block 2: height, label, median, low, high, label of the value, colour. A logarithmic axis
-- has no 0: such a figure is a little less than the least that is none.
WITH measured AS (
  SELECT *, row_number() OVER (PARTITION BY metric, unit ORDER BY position) AS number, count(*) OVER (PARTITION BY metric, unit) AS numbers,
         min(iif(metric IS NULL, -1, position)) OVER (PARTITION BY metric, unit) AS kind
    FROM named_measurement WHERE run = ?1 AND median_seconds IS NOT NULL
), parted AS (
  SELECT *, dense_rank() OVER (ORDER BY kind, (number - 1) / 60) AS part FROM measured
), shown AS (
  SELECT *, coalesce(low_seconds, median_seconds) AS low, coalesce(high_seconds, median_seconds) AS high,
         first_value(position) OVER (PARTITION BY work ORDER BY position) AS first
    FROM parted WHERE part = ?2
), slot AS (
  SELECT -row_number() OVER (ORDER BY first, position) AS height, *
    FROM (SELECT DISTINCT first, -1 AS position, title, NULL AS measurement FROM shown
          UNION ALL SELECT first, position, title, measurement FROM shown)
), axis AS (
  -- Metrics may be negative, and often differ by little
  SELECT max(metric) AS metric, max(unit) AS unit, metric IS NULL OR (min(low) > 0 AND max(high) > 20 * min(low)) AS logarithmic,
         coalesce(min(nullif(low, 0)) / 1.5, 1e-9) AS least FROM shown
), note AS (
  SELECT 1 AS place, part_note(?2, (SELECT max(part) FROM parted), 'executors',
                               coalesce(max(metric) || ', ', '') || 'measurements ' || min(number) || ' to ' || max(number) || ' of ' || max(numbers)) AS text FROM shown
  UNION ALL
  SELECT 2, 'At the left end: 0, which a logarithmic axis has not.' FROM axis WHERE metric IS NULL AND EXISTS (SELECT 1 FROM shown WHERE low = 0)
)
SELECT 0 AS block, caption AS a, (SELECT group_concat(text, ' ') FROM (SELECT text FROM note ORDER BY place)) AS b,
       CASE WHEN metric IS NOT NULL THEN 'What each ' || subject || ' gives: ' || shortened(metric, 40, NULL, NULL)
            WHEN subject IN ('map', 'query') THEN 'How long each executor takes' ELSE 'How long each ' || subject || ' takes' END AS c,
       CASE WHEN metric IS NOT NULL THEN 'median of ' || shortened(metric, 30, NULL, NULL) || coalesce(' in ' || iif(unit = 'B', 'bytes', shortened(unit, 20, NULL, NULL)), '')
                 || ' with its 95 % interval, ' || iif(logarithmic, 'logarithmic', 'linear') || ' axis'
            WHEN subject IN ('map', 'query') THEN 'median time of one ' || subject || ' with its 95 % interval, and its speed-up over serial'
            ELSE 'median time of one execution with its 95 % interval' END AS d,
       logarithmic AS e, iif(metric IS NULL, 's of time', replace(coalesce(unit, ''), '%', '%%')) AS f, NULL AS g
  FROM run_caption, axis WHERE run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, height, title, NULL, NULL, NULL, NULL, NULL FROM slot WHERE measurement IS NULL
UNION ALL
SELECT 2, s.height, h.way, iif(logarithmic, max(h.median_seconds, least), h.median_seconds), iif(logarithmic, max(low, least), low), iif(logarithmic, max(high, least), high),
       shortened(figure(h.median_seconds, h.metric, h.unit), 22, NULL, NULL) || iif(h.executor = 'serial' OR h.speed_up IS NULL OR h.metric IS NOT NULL, '', '   ' || times(h.speed_up)),
       h.colour
  FROM slot AS s JOIN shown AS h USING (measurement), axis
ORDER BY block, a DESC;
