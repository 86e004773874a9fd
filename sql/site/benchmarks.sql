-- The benchmarks that have pages.
SELECT benchmark FROM temp.site_benchmark ORDER BY benchmark;
