-- The machine here. ?1 host, ?2 processor, ?3 processors, ?4 architecture, ?5 memory, ?6 kernel, ?7 SQLite, ?8 compiler,
-- ?9 flags.
UPDATE incoming SET (host, processor, processors, architecture, memory_gib, kernel, sqlite, compiler, flags)
                  = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);
