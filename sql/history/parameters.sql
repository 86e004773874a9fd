-- What tells a benchmark from others of its name; absent where it is NULL (a merge patch drops nulls).
-- ?1 executor, ?2 workers, ?3 chunk, ?4 database, ?5 source, ?6 map.
SELECT json_patch('{}', json_object('executor', ?1, 'workers', ?2, 'chunk', ?3, 'database', ?4, 'source', ?5,
                                    'map', ?6));
