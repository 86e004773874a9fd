-- ?1 run; NULL for all.
INSERT INTO chosen SELECT run FROM run WHERE iif(?1 IS NULL, run NOT IN (SELECT run FROM temp.passed_over), run = ?1) ON CONFLICT DO NOTHING;
