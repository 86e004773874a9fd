-- Whether main is all that a name of a table can be found in: nothing is attached, and temp has at most maps.
SELECT NOT EXISTS (SELECT 1 FROM pragma_database_list WHERE name NOT IN ('main', 'temp'))
    AND NOT EXISTS (SELECT 1 FROM temp.sqlite_master
                    WHERE type IN ('table', 'view') AND sql NOT LIKE 'create virtual table%using%parallel_map%')
