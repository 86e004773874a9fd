-- Maps the rows with keys ?6 to ?7. ?1 source, ?2 map, ?3 executor, ?4 workers, ?5 chunk.
INSERT INTO temp.batch(key, value)
SELECT key, value FROM parallel_map(?1, ?2, ?3, ?4, ?5) WHERE key >= ?6 AND key <= ?7;
