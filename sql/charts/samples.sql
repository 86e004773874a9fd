-- The data of the chart `samples`, as described at chart_data_write in cli/report/chart_data.h. ?1 run.
-- Figures are per cent from the median of the measurement. Block 0: caption, ends of the axis, what is left out. Block 1: height and name
-- of each group. Block 2: height, label, percentiles 25 and 75, text at the right, colour. Block 3: deviation, height
-- and colour of each dot; dots that would cover each other are stacked. Of a median of 0 everything is 0 or beyond the end. Those that are beyond an end are at that end.
WITH measured AS (
  SELECT * FROM named_measurement WHERE run = ?1 AND median_seconds IS NOT NULL
), shown AS (
  SELECT *, first_value(position) OVER (PARTITION BY work ORDER BY position) AS first
    FROM (SELECT * FROM measured ORDER BY position LIMIT 48)
), slot AS (
  SELECT -row_number() OVER (ORDER BY first, position) AS height, *
    FROM (SELECT DISTINCT first, -1 AS position, title, NULL AS measurement FROM shown
          UNION ALL SELECT first, position, title, measurement FROM shown)
), axis AS (
  SELECT max(-100, min(-3, coalesce(120 * min(p5_seconds / median_seconds - 1), 0))) AS low,
         min(300, max(3, coalesce(120 * max(p95_seconds / median_seconds - 1), 0))) AS high FROM shown
), dot AS (
  SELECT s.measurement, coalesce(100 * (coalesce(s.value, s.wall_ns / 1e9 / s.loops) / h.median_seconds - 1), iif(coalesce(s.value, s.wall_ns) = 0, 0, 1e9)) AS deviation,
         row_number() OVER (PARTITION BY s.measurement ORDER BY s.sequence) AS number, h.samples, h.colour
    FROM shown AS h JOIN sample AS s USING (measurement) WHERE NOT s.warmup
), bin AS (
  -- at most 200 dots a measurement, and about 4000 in all, spread over the samples; 140 bins over the axis
  SELECT measurement, colour, min(high, max(low, deviation)) AS deviation,
         CAST(140 * (min(high, max(low, deviation)) - low) / (high - low) AS INTEGER) AS bin
    FROM dot, axis, (SELECT min(200, 4000 / count(*)) AS most FROM shown)
   WHERE samples <= most OR number * most / samples > (number - 1) * most / samples
), stacked AS (
  SELECT measurement, colour, deviation, row_number() OVER (same ORDER BY deviation) - 1 AS place,
         count(*) OVER same AS stack
    FROM bin WINDOW same AS (PARTITION BY measurement, bin)
)
SELECT 0 AS block, caption AS a, low AS b, high AS c, 
       (SELECT 'The first 48 of ' || count(*) || ' measurements; pricereport show ' || ?1 || ' lists all.' FROM measured HAVING count(*) > 48) AS d,
       NULL AS e, NULL AS f
  FROM run_caption, axis WHERE run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, height, title, NULL, NULL, NULL, NULL FROM slot WHERE measurement IS NULL
UNION ALL
SELECT 2, height, h.way, coalesce(100 * (p25_seconds / median_seconds - 1), 0),
       coalesce(100 * (p75_seconds / median_seconds - 1), iif(p75_seconds > 0, (SELECT high FROM axis), 0)),
       figure(median_seconds, metric, unit) || '   ' || samples || iif(outliers, ' (' || outliers || ')', ''), colour
  FROM slot JOIN shown AS h USING (measurement)
UNION ALL
SELECT 3, deviation, height + (place - (stack - 1) / 2.0) * min(0.09, 0.76 / stack), colour, NULL, NULL, NULL
  FROM stacked JOIN slot USING (measurement)
ORDER BY block, a DESC;
