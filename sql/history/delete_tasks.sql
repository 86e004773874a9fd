DELETE FROM task WHERE measurement = ?1;
