-- The rows of a map, to be compared between executors. ?1 source, ?2 map, ?3 executor, ?4 workers, ?5 chunk.
SELECT key, value FROM parallel_map(?1, ?2, ?3, ?4, ?5);
