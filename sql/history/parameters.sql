-- The parameters that distinguish a benchmark from others of its name; absent where they are NULL (a merge patch drops nulls), as what is timed
-- is where the user gave the name.
-- ?1 executor, ?2 workers, ?3 chunk, ?4 database, ?5 source, ?6 map, ?7 rows, ?8 rounds, ?9 the command in the array
-- "arguments" of an object, ?10 query, ?11 metric, ?12 its unit, ?13 'more' where more of it is better.
SELECT json_patch('{}', json_object('executor', ?1, 'workers', ?2, 'chunk', ?3, 'rows', ?7, 'rounds', ?8,
                                    'database', ?4, 'source', ?5, 'map', ?6, 'query', ?10, 'metric', ?11, 'unit', ?12, 'better', ?13,
                                    'command', json(json_extract(?9, '$.arguments'))));
