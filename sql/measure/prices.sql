-- The price list of the experiment: i² · 42 for i = 0 … 19.
CREATE TABLE prices(id INTEGER PRIMARY KEY, p);
INSERT INTO prices(id, p)
  WITH RECURSIVE counter(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counter WHERE i < 19)
  SELECT i, i * i * 42 FROM counter;
