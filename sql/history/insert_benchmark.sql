INSERT INTO benchmark(name, parameters) VALUES (?1, ?2) ON CONFLICT DO NOTHING;
