-- ?1 rowset.
INSERT INTO block(rowset) VALUES (?1);
