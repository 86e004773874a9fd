-- The name and the variant of a benchmark, in one line. ?1 benchmark.
SELECT shortened(name, 200, NULL, NULL) || iif(variant = '', '', ' · ' || variant) FROM temp.site_benchmark WHERE benchmark = ?1;
