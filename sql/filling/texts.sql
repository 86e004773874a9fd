-- The statements that name the table ?1, its rowid ?2 and the filled table ?3, a column each; the second column is the
-- source as parallel_map takes it.
SELECT printf('CREATE TABLE main."%w"(key INTEGER PRIMARY KEY, value)', ?3),
       printf('main."%w"', ?1),
       printf('SELECT %s, * FROM main."%w" WHERE %s >= ?1 ORDER BY %s LIMIT ?2', ?2, ?1, ?2, ?2),
       printf('SELECT %s, * FROM main."%w" WHERE %s <= ?1 ORDER BY %s', ?2, ?1, ?2, ?2),
       printf('SELECT count(*) FROM main."%w" WHERE %s >= ?1', ?1, ?2),
       printf('SELECT count(*) = ?1 AND max(key) IS ?2 FROM main."%w"', ?3),
       printf('INSERT INTO main."%w"(key, value) SELECT key, value FROM temp.batch', ?3);
