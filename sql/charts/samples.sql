-- The data of the chart `samples`, as described at chart_data_write in cli/report/chart_data.h. ?1 run, ?2 part: up to 40
-- measurements.
-- Figures are per cent from the median of the measurement, upward where a figure is greater. Block 0: caption, ends of the axis, what this
-- part has. Block 1: height and name
-- of each group. Block 2: height, label, percentiles 25 and 75, text at the right, colour. Block 3: deviation, height
-- and colour of each dot; dots that would cover each other are stacked. Of a median of 0 everything is 0 or beyond the end. Those that are beyond an end are at that end.
WITH measured AS (
  SELECT *, row_number() OVER (ORDER BY position) AS number, count(*) OVER () AS numbers
    FROM named_measurement WHERE run = ?1 AND median_seconds IS NOT NULL
), shown AS (
  SELECT *, first_value(position) OVER (PARTITION BY work ORDER BY position) AS first, abs(median_seconds) AS size
    FROM measured WHERE (number - 1) / 40 = ?2 - 1
), slot AS (
  SELECT -row_number() OVER (ORDER BY first, position) AS height, *
    FROM (SELECT DISTINCT first, -1 AS position, title, NULL AS measurement FROM shown
          UNION ALL SELECT first, position, title, measurement FROM shown)
), axis AS (
  SELECT max(-300, min(-3, coalesce(120 * min((p5_seconds - median_seconds) / size), 0))) AS low,
         min(300, max(3, coalesce(120 * max((p95_seconds - median_seconds) / size), 0))) AS high FROM shown
), dot AS (
  SELECT s.measurement, coalesce(s.value, s.wall_ns / 1e9 / s.loops) AS figure, h.median_seconds, h.size,
         row_number() OVER (PARTITION BY s.measurement ORDER BY s.sequence) AS number, h.samples, h.colour
    FROM shown AS h JOIN sample AS s USING (measurement) WHERE NOT s.warmup
), deviating AS (
  SELECT *, coalesce(100 * (figure - median_seconds) / size, CASE WHEN figure < 0 THEN -1e9 WHEN figure > 0 THEN 1e9 ELSE 0 END) AS deviation FROM dot
), bin AS (
  -- at most 200 dots a measurement, and about 4000 in all, spread over the samples; 140 bins over the axis
  SELECT measurement, colour, min(high, max(low, deviation)) AS deviation,
         CAST(140 * (min(high, max(low, deviation)) - low) / (high - low) AS INTEGER) AS bin
    FROM deviating, axis, (SELECT min(200, 4000 / count(*)) AS most FROM shown)
   WHERE samples <= most OR number * most / samples > (number - 1) * most / samples
), stacked AS (
  SELECT measurement, colour, deviation, row_number() OVER (same ORDER BY deviation) - 1 AS place,
         count(*) OVER same AS stack
    FROM bin WINDOW same AS (PARTITION BY measurement, bin)
), note AS (
  SELECT 1 AS place, part_note(?2, (max(numbers) + 39) / 40, 'samples', 'measurements ' || min(number) || ' to ' || max(number) || ' of ' || max(numbers)) AS text FROM shown
  UNION ALL
  SELECT 2, 'Of many samples a choice is drawn, evenly over the run.' 
   WHERE EXISTS (SELECT 1 FROM shown WHERE samples > min(200, 4000 / (SELECT count(*) FROM shown)))
)
SELECT 0 AS block, caption AS a, low AS b, high AS c, (SELECT group_concat(text, ' ') FROM (SELECT text FROM note ORDER BY place)) AS d,
       NULL AS e, NULL AS f
  FROM run_caption, axis WHERE run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, height, title, NULL, NULL, NULL, NULL FROM slot WHERE measurement IS NULL
UNION ALL
SELECT 2, height, h.way, coalesce(100 * (p25_seconds - median_seconds) / size, iif(p25_seconds < 0, (SELECT low FROM axis), 0)),
       coalesce(100 * (p75_seconds - median_seconds) / size, iif(p75_seconds > 0, (SELECT high FROM axis), 0)),
       shortened(figure(median_seconds, metric, unit), 14, NULL, NULL) || '   ' || samples || iif(outliers, ' (' || outliers || ')', ''), colour
  FROM slot JOIN shown AS h USING (measurement)
UNION ALL
SELECT 3, deviation, height + (place - (stack - 1) / 2.0) * min(0.09, 0.76 / stack), colour, NULL, NULL, NULL
  FROM stacked JOIN slot USING (measurement)
ORDER BY block, a DESC;
