-- Every sample of a run, in the order they were taken, for people. ?1 run.
SELECT s.sequence AS "order", s.round, b.name AS benchmark, b.variant AS executor,
       iif(s.warmup, 'no, warm-up', 'yes') AS counted, s.loops,
       figure(coalesce(s.value, s.wall_ns / 1e9 / s.loops), b.metric, b.unit) AS figure, duration(s.user_ns / 1e9 / s.loops) AS "user",
       duration(s.system_ns / 1e9 / s.loops) AS "system"
  FROM sample AS s JOIN measurement AS m USING (measurement) JOIN benchmark AS b ON b.benchmark = m.benchmark
 WHERE m.run = ?1 ORDER BY s.sequence;
