-- How far the table ?1 is; no row where it is none that --into made.
SELECT source, map, rows, last_key, fingerprint FROM main.pricereport_into WHERE name = ?1;
