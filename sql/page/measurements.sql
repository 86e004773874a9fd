-- Measurements of a run, for the page, the first 500. ?1 run.
SELECT work AS benchmark, way AS executor, rows, duration(median_seconds) AS median,
       duration_range(low_seconds, high_seconds) AS "95 % interval", times(speed_up) AS "speed-up",
       duration(mean_seconds) || iif(deviation_seconds IS NULL, '', ' ± ' || duration(deviation_seconds)) AS "mean ± σ",
       duration_range(minimum_seconds, maximum_seconds) AS "min … max", samples, outliers
  FROM named_measurement WHERE run = ?1 ORDER BY position LIMIT 500;
