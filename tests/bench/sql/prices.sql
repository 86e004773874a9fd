-- A price list of {rows} rows. All prices, and all raised by 10 %, are quarters: sums are exact, and so the same in
-- whatever order partial sums are added. Every price is above 2, so that a crazy raise gives the raised price.
CREATE TABLE {table}(id INTEGER PRIMARY KEY, p REAL);
INSERT INTO {table}
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows})
  SELECT i, 2.5 + i % 1000 * 10 FROM n;
