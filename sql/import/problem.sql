-- Why the whole file cannot be imported; NULL where it can.
SELECT path || ': expected ' || expected FROM problem WHERE position IS NULL
UNION ALL
SELECT l.path || ': expected ' || l.reason FROM left_out AS l JOIN incoming USING (file)
 WHERE l.position IS NOT NULL AND NOT EXISTS (SELECT 1 FROM subject)
UNION ALL
SELECT 'expected at least one benchmark with a time or another figure' WHERE NOT EXISTS (SELECT 1 FROM subject)
 LIMIT 1;
