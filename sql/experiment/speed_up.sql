-- ?1 run, ?2 benchmark, ?3 executor.
SELECT speed_up FROM history WHERE run = ?1 AND benchmark = ?2 AND executor = ?3;
