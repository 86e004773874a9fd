-- Every setting in force, as JSON, to which the command line is added with history/add_argument.sql.
-- ?1 warm-ups, ?2 least and ?3 most samples, ?4 least and ?5 most seconds (NULL: no limit), ?6 half-width of the
-- interval to reach, ?7 seconds a sample lasts at least, ?8 seed, ?9 path of the extension,
-- ?10 to ?14 processor, their number, architecture, memory in GiB and kernel in truth, of a machine that the user named; ?10 NULL: of another.
SELECT json_patch(json_object('warmup', ?1, 'min_samples', ?2, 'max_samples', ?3, 'min_seconds', ?4, 'max_seconds', ?5,
                   'precision', ?6, 'sample_seconds', ?7, 'seed', ?8, 'extension', ?9, 'arguments', json_array()),
                  iif(?10 IS NULL, '{}', json_object('machine', json_object('processor', ?10, 'processors', ?11, 'architecture', ?12,
                                                                            'memory_gib', ?13, 'kernel', ?14))));
