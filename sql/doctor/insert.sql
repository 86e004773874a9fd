-- ?1 position, ?2 check, ?3 state, ?4 what was found, ?5 what to do.
INSERT INTO finding VALUES (?1, ?2, ?3, ?4, ?5);
