-- How the newest map of this connection was done.
SELECT executor, access, workers, reason FROM parallel_map_runs ORDER BY run DESC LIMIT 1;
