-- What a name of a table can be found in beside main, a row each: NULL for an attached database and for a table of main
-- that one of temp hides; for a table or view of temp the statement that made it.
SELECT NULL FROM pragma_database_list WHERE name NOT IN ('main', 'temp')
UNION ALL
SELECT NULL FROM temp.sqlite_master AS hiding JOIN main.sqlite_master AS hidden ON hidden.name = hiding.name COLLATE NOCASE
WHERE hiding.type IN ('table', 'view') AND hidden.type IN ('table', 'view')
UNION ALL
SELECT sql FROM temp.sqlite_master WHERE type IN ('table', 'view')
