-- Notes something of a file that is not about an entry. ?1 file, ?2 what, ?3 why.
INSERT INTO left_out(file, path, reason) VALUES (?1, ?2, ?3);
