-- Leaves out the entries that are not as they should be, each named by its first problem.
INSERT INTO left_out(file, position, path, reason)
SELECT i.file, p.position, p.path, trim(replace(p.expected, char(10), ' '))
  FROM incoming AS i,
       (SELECT *, row_number() OVER (PARTITION BY position) AS number FROM problem WHERE position IS NOT NULL) AS p
 WHERE p.number = 1 ORDER BY p.position;
