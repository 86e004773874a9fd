-- Every sample of the chosen runs, for people.
SELECT r.run, b.name AS benchmark, b.variant, s.sequence AS "order", iif(s.warmup, 'no, warm-up', 'yes') AS counted,
       s.loops, figure(coalesce(s.value, s.wall_ns / 1e9 / s.loops), b.metric, b.unit) AS figure, duration(s.user_ns / 1e9 / s.loops) AS "user",
       duration(s.system_ns / 1e9 / s.loops) AS "system"
  FROM chosen AS c JOIN run AS r USING (run) JOIN measurement AS m USING (run)
  JOIN benchmark AS b ON b.benchmark = m.benchmark JOIN sample AS s ON s.measurement = m.measurement
 ORDER BY r.started_at, r.run, m.position, s.sequence;
