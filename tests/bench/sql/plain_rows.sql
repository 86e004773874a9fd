-- The values of the map, without parallel_map.
SELECT {map} AS v FROM {source};
