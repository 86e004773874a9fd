-- The same row of a map of all of the table.
SELECT value FROM parallel_map('prices_1000000', 'increase_price_crazy(p, 10, 1000000)') WHERE key = ?1;
