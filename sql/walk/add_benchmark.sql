-- ?1 benchmark, ?2 its position.
INSERT INTO temp.walk_benchmark(benchmark, position) VALUES (?1, ?2) ON CONFLICT DO NOTHING;
