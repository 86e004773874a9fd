-- 'yes' where a run measured commands, or is of another tool; else ''. ?1 run.
SELECT iif(subject IN ('map', 'query'), '', 'yes') FROM run_caption WHERE run = ?1;
