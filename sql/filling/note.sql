-- Notes what is printed of the table ?1: ?2 of its rows were mapped now.
CREATE TEMP TABLE filled AS SELECT name AS "table", source, map, rows, ?2 AS mapped_now, started_at FROM main.pricereport_into
 WHERE name = ?1;
