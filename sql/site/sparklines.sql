-- The newest 40 figures of each series as a line in a box of 120 by 30. A change of less than a tenth does not fill the
-- box, so that noise stays small.
DROP TABLE IF EXISTS temp.site_spark;
CREATE TEMP TABLE site_spark(series INTEGER PRIMARY KEY, points TEXT, marks TEXT, figures TEXT, words TEXT);
INSERT INTO temp.site_spark
WITH recent AS (
  SELECT s.series, r.run, r.number, r.median_seconds AS value, figure(r.median_seconds, r.metric, r.unit) AS text, r.metric, r.unit,
         iif(r.acknowledged IS NOT NULL AND r.change = 'regression', 'acknowledged', r.change) AS state,
         row_number() OVER (PARTITION BY s.series ORDER BY r.number DESC) AS age
    FROM temp.site_series AS s JOIN temp.site_row AS r USING (benchmark, machine) WHERE r.excluded IS NULL
), shown AS (
  SELECT *, count(*) OVER same AS places, min(value) OVER same AS low, max(value) OVER same AS high
    FROM recent WHERE age <= 40 WINDOW same AS (PARTITION BY series)
), placed AS (
  SELECT *, iif(places = 1, 60, 5 + 110.0 * (places - age) / max(places - 1, 1)) AS x,
         15 - 20 * (value - (low + high) / 2) / max(high - low, 0.1 * high, 1e-300) AS y
    FROM shown ORDER BY series, age DESC
)
SELECT series, iif(max(places) = 1, '57,15 63,15', group_concat(printf('%.4g,%.4g', x, y), ' ')),
       group_concat(iif(state IS NULL, NULL, printf('%.4g,%.4g,%s', x, y, state)), ' '),
       group_concat('run ' || run || ': ' || replace(text, '|', '/'), '|'),
       'the newest ' || max(places) || ' of the medians, ' || figure_range(min(low), max(high), min(metric), min(unit))
  FROM placed GROUP BY series;
