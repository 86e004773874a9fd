-- Measurements of a run, for people. ?1 run.
SELECT benchmark, variant AS executor, rows, duration(median_seconds) AS median,
       duration_range(low_seconds, high_seconds) AS "95 % interval", times(speed_up) AS "speed-up",
       duration(mean_seconds) || iif(deviation_seconds IS NULL, '', ' ± ' || duration(deviation_seconds)) AS "mean ± σ",
       duration_range(minimum_seconds, maximum_seconds) AS "min … max", samples, outliers
  FROM history WHERE run = ?1 ORDER BY position;
