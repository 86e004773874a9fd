-- Every setting in force, as JSON, to which the command line is added with history/add_argument.sql.
-- ?1 warm-ups, ?2 least and ?3 most samples, ?4 least and ?5 most seconds (NULL: no limit), ?6 half-width of the
-- interval to reach, ?7 seconds a sample lasts at least, ?8 seed, ?9 path of the extension.
SELECT json_object('warmup', ?1, 'min_samples', ?2, 'max_samples', ?3, 'min_seconds', ?4, 'max_seconds', ?5,
                   'precision', ?6, 'sample_seconds', ?7, 'seed', ?8, 'extension', ?9, 'arguments', json_array());
