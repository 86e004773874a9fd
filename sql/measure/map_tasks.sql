-- The first tasks of the newest map of a connection with the extension, and how many there were. ?1 most tasks.
SELECT task, worker, CAST(round(start_seconds * 1e9) AS INTEGER), CAST(round(end_seconds * 1e9) AS INTEGER), rows_in,
       count(*) OVER ()
  FROM parallel_map_tasks WHERE run = (SELECT max(run) FROM parallel_map_runs)
 ORDER BY start_seconds, task LIMIT ?1;
