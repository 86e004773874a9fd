-- The address of a run's commit. ?1 run.
SELECT href FROM temp.site_commit WHERE run = ?1;
