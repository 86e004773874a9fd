-- The same map without parallel_map, in one statement. SQLite flattens the subquery: v is computed once per row.
SELECT count(*), {total} FROM (SELECT {map} AS v FROM {source});
