INSERT INTO task(measurement, task, worker, start_ns, end_ns, rows, host) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING;
