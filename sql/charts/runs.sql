-- For every chart the newest run that has what it needs. ?1 run, ?2 1: another run of the same machine is
-- shown where it lacks that, unless it measured a query or commands, or is of another tool: no maps of others belong to
-- those.
WITH candidate AS MATERIALIZED (
  SELECT r.run FROM run AS r
   WHERE r.run = ?1 OR (?2 AND (SELECT verb NOT IN ('query', 'command', 'import') FROM run WHERE run = ?1) AND r.verb <> 'query' AND r.run < ?1 AND r.machine = (SELECT machine FROM run WHERE run = ?1))
)
SELECT 'executors' AS chart, ?1 AS run
UNION ALL SELECT 'history', ?1
UNION ALL SELECT 'workers', max(run) FROM candidate AS c
  WHERE EXISTS (SELECT 1 FROM measurement AS m JOIN benchmark AS b ON b.benchmark = m.benchmark
                 WHERE m.run = c.run AND m.baseline IS NOT NULL AND m.median_seconds > 0 AND b.workers IS NOT NULL
                 GROUP BY m.baseline, b.executor, b.chunk HAVING count(DISTINCT b.workers) > 1)
UNION ALL SELECT 'break-even', max(run) FROM candidate AS c
  WHERE (SELECT count(DISTINCT m.baseline) FROM measurement AS m
          WHERE m.run = c.run AND m.baseline <> m.measurement AND m.median_seconds > 0) > 2
UNION ALL SELECT 'samples', ?1
UNION ALL SELECT 'timeline', max(run) FROM candidate AS c
  WHERE EXISTS (SELECT 1 FROM measurement AS m WHERE m.run = c.run AND m.tasks > 0);
