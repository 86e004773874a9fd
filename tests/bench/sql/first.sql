-- The short form. ?1 source, ?2 map, ?3 executor, ?4 workers.
SELECT count(*), sum(value) FROM parallel_map(?1, ?2, ?3, ?4);
