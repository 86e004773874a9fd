-- ?1 file, ?2 seconds since 1970 when it was changed, ?3 its text, ?4 uuid of its run, ?5 label.
INSERT INTO incoming(file, modified, body, uuid, label) VALUES (?1, ?2, ?3, ?4, ?5);
