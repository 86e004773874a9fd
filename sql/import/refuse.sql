-- Notes that a file of a folder is not imported. ?1 file, ?2 why.
INSERT INTO left_out(file, path, reason) VALUES (?1, 'not imported', ?2);
