-- The command line of a run, one argument a row. ?1 run.
SELECT value FROM run AS r, json_each(r.options, '$.arguments') WHERE r.run = ?1 ORDER BY key;
