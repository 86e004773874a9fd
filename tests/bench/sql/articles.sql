-- Prices with long names: half of the smallest such list, 100 000 rows, already fills SQLite's page cache of 2 MB, in
-- the host or in each of two workers, so that only the map can make memory grow with the number of rows.
CREATE TABLE {table}(id INTEGER PRIMARY KEY, name TEXT, p REAL);
INSERT INTO {table}
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows})
  SELECT i, printf('article number %08d of a price list with rather long names', i), 2.5 + i % 1000 * 10 FROM n;
