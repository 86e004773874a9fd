-- Every sample of a run, in the order they were taken. ?1 run.
SELECT s.sequence, s.round, b.name AS benchmark, b.executor, b.workers, b.chunk, s.warmup, s.loops, s.wall_ns,
       s.user_ns, s.system_ns, s.peak_memory_kib, b.metric, b.unit, s.value
  FROM sample AS s JOIN measurement AS m USING (measurement) JOIN benchmark AS b ON b.benchmark = m.benchmark
 WHERE m.run = ?1 ORDER BY s.sequence;
