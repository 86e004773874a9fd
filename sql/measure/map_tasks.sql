-- The first tasks of one map of a connection with the extension, and how many there were: of the maps like its newest
-- that are still in the log, the one that took most nearly ?2 seconds. ?1 most tasks.
WITH newest AS MATERIALIZED (
  SELECT * FROM parallel_map_runs ORDER BY run DESC LIMIT 1
), logged AS MATERIALIZED (
  SELECT r.run, r.wall_seconds
    FROM parallel_map_runs AS r JOIN newest AS n
      ON r.source = n.source AND r.map = n.map AND r.requested = n.requested AND r.chunk IS n.chunk
   WHERE r.run = n.run OR (r.error IS NULL AND EXISTS (SELECT 1 FROM parallel_map_tasks AS t WHERE t.run = r.run))
)
SELECT task, worker, CAST(round(start_seconds * 1e9) AS INTEGER), CAST(round(end_seconds * 1e9) AS INTEGER), rows_in,
       host, count(*) OVER ()
  FROM parallel_map_tasks WHERE run = (SELECT run FROM logged ORDER BY abs(wall_seconds - ?2), run DESC LIMIT 1)
 ORDER BY start_seconds, task LIMIT ?1;
