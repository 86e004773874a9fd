-- One row of a large table, by its rowid ?1.
SELECT increase_price_crazy(p, 10, 1000000) FROM prices_1000000 WHERE id = ?1;
