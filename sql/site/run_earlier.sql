-- The run before another. ?1 run.
SELECT earlier FROM temp.site_run WHERE run = ?1;
