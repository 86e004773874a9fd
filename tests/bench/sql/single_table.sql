-- One table, with an index that covers two columns, and {rows} rows; nothing in it is random but by its own formulas.
CREATE TABLE t(id INTEGER PRIMARY KEY, g INTEGER, s TEXT, x REAL, k INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
INSERT INTO t SELECT i, i * 7919 % ({rows} / 2 + 1), 's' || i * 104729 % 5003, i * 15485863 % 1000003 / 7.0, i * 31 % 50 FROM n;
CREATE INDEX tk ON t(k, x);
