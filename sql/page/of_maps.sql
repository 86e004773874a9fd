-- 'yes' where a run measured maps; else ''. ?1 run.
SELECT iif(subject = 'map', 'yes', '') FROM run_caption WHERE run = ?1;
