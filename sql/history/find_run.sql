-- The run of that number; NULL asks for the newest.
SELECT run FROM run WHERE ?1 IS NULL OR run = ?1 ORDER BY run DESC LIMIT 1;
