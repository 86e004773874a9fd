-- What a run measured, as data. ?1 run.
SELECT run, benchmark, executor, workers, chunk, rows, median_seconds, low_seconds, high_seconds, speed_up,
       mean_seconds, deviation_seconds, mad_seconds, minimum_seconds, p5_seconds, p25_seconds, p75_seconds,
       p95_seconds, maximum_seconds, samples, outliers, stopped
  FROM history WHERE run = ?1 ORDER BY position;
