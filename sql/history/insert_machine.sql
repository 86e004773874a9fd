INSERT INTO machine(processor, processors, architecture, memory_gib, kernel, sqlite, compiler, flags)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING;
