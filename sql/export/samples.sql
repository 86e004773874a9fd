-- Every sample of the chosen runs.
SELECT r.run, r.uuid, r.started_at, b.name AS benchmark, b.executor, b.workers, b.chunk, b.rounds, m.rows, s.sequence,
       s.round, s.warmup, s.loops, s.wall_ns, s.user_ns, s.system_ns, s.peak_memory_kib, b.metric, b.unit, s.value
  FROM chosen AS c JOIN run AS r USING (run) JOIN measurement AS m USING (run)
  JOIN benchmark AS b ON b.benchmark = m.benchmark JOIN sample AS s ON s.measurement = m.measurement
 ORDER BY r.started_at, r.run, m.position, s.sequence;
