-- All rows of that map.
SELECT count(value) FROM parallel_map('prices_1000000', 'increase_price(p)');
