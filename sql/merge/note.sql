-- ?1 file.
UPDATE outcome SET file = ?1 WHERE file IS NULL;
