-- The commands that a run timed, the fastest first, and for each metric the same, the best first; what took 0 s, or has a figure of 0, has
-- no ratio. ?1 run.
SELECT m.measurement, b.name, b.metric, coalesce(b.more_is_better, 0)
  FROM measurement AS m JOIN run AS r USING (run) JOIN benchmark AS b USING (benchmark)
 WHERE m.run = ?1 AND r.verb = 'command' AND m.samples > 0 AND m.minimum_seconds > 0
 ORDER BY b.metric IS NOT NULL, first_value(m.position) OVER (PARTITION BY b.metric ORDER BY m.position),
          iif(b.more_is_better, -m.median_seconds, m.median_seconds), m.position;
