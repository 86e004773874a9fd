-- The table that was filled, for people.
SELECT "table", source, map, rows, mapped_now AS "mapped now" FROM temp.filled;
