-- Measurements of a run, as data. User and system time are means, the peak is the greatest. ?1 run.
SELECT h.run, h.benchmark, h.executor, h.workers, h.chunk, h.rounds, h.metric, h.unit, h.more_is_better, h.rows, h.median_seconds, h.low_seconds,
       h.high_seconds, h.speed_up, h.mean_seconds, h.deviation_seconds, h.mad_seconds, h.minimum_seconds, h.p5_seconds,
       h.p25_seconds, h.p75_seconds, h.p95_seconds, h.maximum_seconds, avg(s.user_ns * 1e-9 / s.loops) AS user_seconds,
       avg(s.system_ns * 1e-9 / s.loops) AS system_seconds, max(s.peak_memory_kib) AS peak_memory_kib, h.samples,
       h.outliers, h.stopped
  FROM history AS h LEFT JOIN sample AS s ON s.measurement = h.measurement AND NOT s.warmup
 WHERE h.run = ?1 GROUP BY h.measurement ORDER BY h.position;
