-- A label of the command line is not given to a run that is known, where it has another. ?1 file, ?2 uuid, ?3 label.
INSERT INTO left_out(file, path, reason)
SELECT ?1, 'known as run ' || run, 'it keeps ' || iif(label IS NULL, 'no label', 'its label ' || label)
  FROM run WHERE uuid = ?2 AND label IS NOT ?3 AND ?3 IS NOT NULL;
