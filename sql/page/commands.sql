-- Measurements of a run of commands, or of another tool, for the page, the first 500. User and system time are means. ?1 run.
SELECT h.work || iif(h.way = '', '', ' · ' || h.way) AS benchmark, duration(h.median_seconds) AS median,
       duration_range(h.low_seconds, h.high_seconds) AS "95 % interval",
       duration(h.mean_seconds) || iif(h.deviation_seconds IS NULL, '', ' ± ' || duration(h.deviation_seconds)) AS "mean ± σ",
       duration_range(h.minimum_seconds, h.maximum_seconds) AS "min … max",
       duration(avg(s.user_ns * 1e-9 / s.loops)) AS "user", duration(avg(s.system_ns * 1e-9 / s.loops)) AS "system",
       iif(max(s.peak_memory_kib) IS NULL, '–', printf('%.1f MiB', max(s.peak_memory_kib) / 1024.0)) AS "peak memory", h.samples, h.outliers
  FROM named_measurement AS h LEFT JOIN sample AS s ON s.measurement = h.measurement AND NOT s.warmup
 WHERE h.run = ?1 GROUP BY h.measurement ORDER BY h.position LIMIT 500;
