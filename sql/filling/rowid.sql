-- A name of the rowid that no column of the table ?1 has.
WITH names(rank, name) AS (VALUES (1, 'rowid'), (2, '_rowid_'), (3, 'oid'))
SELECT name FROM names WHERE name NOT IN (SELECT lower(name) FROM pragma_table_xinfo(?1, 'main')) ORDER BY rank LIMIT 1;
