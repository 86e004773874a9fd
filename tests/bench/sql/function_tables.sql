-- Prices with a category and a shop each, {rows} of them: for queries whose functions are what takes long.
CREATE TABLE items(item INTEGER PRIMARY KEY, category TEXT, p REAL);
CREATE TABLE sales(id INTEGER PRIMARY KEY, item INTEGER, shop INTEGER, year INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
INSERT INTO items SELECT i, 'c' || i % 7, i * 1.5 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
INSERT INTO sales SELECT i, i * 7919 % 1000 + 1, i % 40, 2015 + i % 10 FROM n;
