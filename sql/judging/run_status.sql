-- ?1 run.
SELECT status FROM run WHERE run = ?1;
