-- A default of this connection: ?1 its name, ?2 its value.
SELECT parallel_map_config(?1, ?2);
