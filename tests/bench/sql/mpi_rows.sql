-- ?1 source, ?2 map, ?3 workers.
SELECT value FROM parallel_map(?1, ?2, 'mpi', ?3);
