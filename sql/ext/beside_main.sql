-- Objects beside main in which the name of a table can be found, a row each: the name, NULL for an attached database and for a table
-- of main that one of temp hides; for a table or view of temp the statement that made it; and whether it is the name of a
-- module, which may be a table by itself.
SELECT NULL, NULL, 0 FROM pragma_database_list WHERE name NOT IN ('main', 'temp')
UNION ALL
SELECT NULL, NULL, 0 FROM temp.sqlite_master AS hiding
  JOIN main.sqlite_master AS hidden ON hidden.name = hiding.name COLLATE NOCASE
 WHERE hiding.type IN ('table', 'view') AND hidden.type IN ('table', 'view')
UNION ALL
SELECT name, sql, 0 FROM temp.sqlite_master WHERE type IN ('table', 'view')
UNION ALL
SELECT name, NULL, 1 FROM pragma_module_list
