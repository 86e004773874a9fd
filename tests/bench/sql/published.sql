-- The price list of the published experiment.
CREATE TABLE published(id INTEGER PRIMARY KEY, p REAL);
INSERT INTO published
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 20)
  SELECT i, i * i * 42 FROM n;
