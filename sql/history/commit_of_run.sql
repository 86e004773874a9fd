-- ?1 run.
SELECT commit_id FROM run WHERE run = ?1;
