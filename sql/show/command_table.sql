-- Measurements of a run of commands, or imported ones, for people. User and system time are means. ?1 run.
SELECT h.benchmark || coalesce(' · ' || h.metric, '') AS benchmark, figure(h.median_seconds, h.metric, h.unit) AS median,
       figure_range(h.low_seconds, h.high_seconds, h.metric, h.unit) AS "95 % interval",
       figure(h.mean_seconds, h.metric, h.unit) || iif(h.deviation_seconds IS NULL, '', ' ± ' || figure(h.deviation_seconds, h.metric, h.unit)) AS "mean ± σ",
       figure_range(h.minimum_seconds, h.maximum_seconds, h.metric, h.unit) AS "min … max",
       iif(h.metric IS NULL, duration(avg(s.user_ns * 1e-9 / s.loops)), '') AS "user",
       iif(h.metric IS NULL, duration(avg(s.system_ns * 1e-9 / s.loops)), '') AS "system",
       CASE WHEN h.metric IS NOT NULL THEN '' WHEN max(s.peak_memory_kib) IS NULL THEN '–' ELSE printf('%.1f MiB', max(s.peak_memory_kib) / 1024.0) END AS "peak memory", h.samples || iif(h.stopped = 'summary', ' (summary)', '') AS samples, h.outliers
  FROM history AS h LEFT JOIN sample AS s ON s.measurement = h.measurement AND NOT s.warmup
 WHERE h.run = ?1 GROUP BY h.measurement ORDER BY h.position;
