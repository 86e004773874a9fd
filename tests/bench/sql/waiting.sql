-- ?1 source, ?2 map, ?3 executor, ?4 workers; 0: none are given.
SELECT count(*), sum(value) FROM parallel_map(?1, ?2, ?3, nullif(?4, 0));
