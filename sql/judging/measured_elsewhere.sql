-- The newest run of another machine that measured a benchmark of the run ?1.
SELECT v.run FROM measurement AS m JOIN run AS r USING (run) JOIN valid AS v ON v.benchmark = m.benchmark
 WHERE m.run = ?1 AND v.machine <> r.machine ORDER BY v.started_at DESC, v.run DESC LIMIT 1;
