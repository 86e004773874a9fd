-- The entry of a file's schema under the name ?1.
SELECT name, type, sql FROM main.sqlite_schema WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')
