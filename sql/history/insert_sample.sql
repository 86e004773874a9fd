INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns, user_ns, system_ns, peak_memory_kib, value)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
