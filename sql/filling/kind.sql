-- Why the object ?1 of the file cannot be mapped in batches: '' for a table with rowids, no row where there is none.
SELECT CASE WHEN type = 'view' THEN 'is a view' WHEN type = 'virtual' THEN 'is a virtual table' WHEN wr THEN 'is a table WITHOUT ROWID' ELSE '' END
  FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE;
