-- The extension ?1, into the workers of this connection's maps.
SELECT parallel_map_load(?1);
