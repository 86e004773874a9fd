-- The measurements of one run, each with all its samples and its tasks. ?1 run.
SELECT h.benchmark, b.parameters AS parameters_json, h.rows, h.median_seconds, h.low_seconds, h.high_seconds, h.speed_up,
       h.mean_seconds, h.deviation_seconds, h.mad_seconds, h.minimum_seconds, h.p5_seconds, h.p25_seconds,
       h.p75_seconds, h.p95_seconds, h.maximum_seconds, h.samples AS counted, h.outliers, h.stopped,
       (SELECT json_group_array(json_object('sequence', s.sequence, 'round', s.round, 'warmup', s.warmup,
                                            'loops', s.loops, 'wall_ns', s.wall_ns, 'user_ns', s.user_ns,
                                            'system_ns', s.system_ns, 'peak_memory_kib', s.peak_memory_kib, 'value', s.value))
          FROM sample AS s WHERE s.measurement = h.measurement) AS samples_json,
       (SELECT json_group_array(json_object('task', t.task, 'worker', t.worker, 'start_ns', t.start_ns,
                                            'end_ns', t.end_ns, 'rows', t.rows, 'host', t.host))
          FROM task AS t WHERE t.measurement = h.measurement) AS tasks_json
  FROM history AS h JOIN benchmark AS b ON b.benchmark = h.benchmark_id
 WHERE h.run = ?1 ORDER BY h.position;
