-- The price list of the experiment, continued up to ?1 prices.
INSERT INTO prices(id, p)
  WITH RECURSIVE counter(i) AS (SELECT max(id) + 1 FROM prices UNION ALL SELECT i + 1 FROM counter WHERE i < ?1 - 1)
  SELECT i, i * i * 42 FROM counter;
