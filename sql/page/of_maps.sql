-- 'yes' where a run measured maps or queries, by executors; else ''. ?1 run.
SELECT iif(subject IN ('map', 'query'), 'yes', '') FROM run_caption WHERE run = ?1;
