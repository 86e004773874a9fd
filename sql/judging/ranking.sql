-- The commands that a run timed, the fastest first; what took 0 s has no ratio. ?1 run.
SELECT m.measurement, b.name
  FROM measurement AS m JOIN run AS r USING (run) JOIN benchmark AS b USING (benchmark)
 WHERE m.run = ?1 AND r.verb = 'command' AND b.metric IS NULL AND m.samples > 0 AND m.minimum_seconds > 0
 ORDER BY m.median_seconds, m.position;
