UPDATE measurement SET baseline = ?2 WHERE measurement = ?1;
