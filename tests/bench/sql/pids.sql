-- The processes that worked on the newest map of this connection.
SELECT DISTINCT pid FROM parallel_map_tasks WHERE run = (SELECT max(run) FROM parallel_map_runs);
