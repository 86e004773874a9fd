UPDATE measurement SET tasks = ?2 WHERE measurement = ?1;
