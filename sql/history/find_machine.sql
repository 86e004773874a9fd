SELECT machine FROM machine
 WHERE (processor, processors, architecture, memory_gib, kernel, sqlite, compiler, flags)
       = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
