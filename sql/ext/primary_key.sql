-- The columns of the primary key of table ?1: a single one may be its rowid.
SELECT name FROM pragma_table_info(?1) WHERE pk
