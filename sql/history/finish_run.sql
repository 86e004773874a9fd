UPDATE run
   SET finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), error = ?2, load_after = ?3, peak_memory_kib = ?4,
       interrupted = ?5
 WHERE run = ?1;
