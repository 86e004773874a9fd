-- The run of that number; NULL asks for the newest, which after a merge need not have the greatest number.
SELECT run FROM run WHERE ?1 IS NULL OR run = ?1 ORDER BY started_at DESC, run DESC LIMIT 1;
