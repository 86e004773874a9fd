-- ?1 folder, ?2 name, ?3 seconds since 1970 when it was changed, ?4 text.
INSERT INTO part(folder, name, modified, body) VALUES (?1, ?2, ?3, ?4);
