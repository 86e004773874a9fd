-- The rows of a map that ?1 rows of an outer loop name by their key.
WITH RECURSIVE o(n) AS (SELECT 7 UNION ALL SELECT n + 7 FROM o LIMIT ?1)
SELECT count(value) FROM o CROSS JOIN parallel_map('prices_1000000', 'increase_price(p)') AS m ON m.key = o.n;
