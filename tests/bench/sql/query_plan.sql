-- Plans a query, and does nothing else. ?1 query.
SELECT count(*) FROM parallel_query_plan(?1);
