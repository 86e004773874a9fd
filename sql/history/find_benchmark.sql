-- ?1 name, ?2 parameters.
SELECT benchmark FROM benchmark WHERE name = ?1 AND parameters = ?2;
