-- The table that was filled, as data.
SELECT * FROM temp.filled;
