-- Executes a map: every value is read. ?1 source, ?2 map, ?3 executor, ?4 workers, ?5 chunk.
SELECT count(*), count(value) FROM parallel_map(?1, ?2, ?3, ?4, ?5);
