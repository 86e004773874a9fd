-- The run after another. ?1 run.
SELECT later FROM temp.site_run WHERE run = ?1;
