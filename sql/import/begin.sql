-- Where a file waits to be taken in. An importer, NAME.sql, fills `entry` from `incoming` and makes the views
--   problem(place, expected)      what is not as it should be; one row is enough for the file to be refused
--   header(...)                   one row about the whole, with the columns that insert.sql reads
--   subject(position, name, parameters)  the benchmarks; parameters as in the table benchmark
--   timing(position, sequence, loops, wall_ns, user_ns, system_ns, peak_memory_kib)  their samples
-- in the temp schema, which insert.sql then reads.
CREATE TEMP TABLE incoming(
  file TEXT, modified REAL, -- seconds since 1970
  body TEXT, uuid TEXT, label TEXT,
  -- this machine, where the user said that it was measured here; else NULL
  host TEXT, processor TEXT, processors INTEGER, architecture TEXT, memory_gib INTEGER, kernel TEXT, sqlite TEXT,
  compiler TEXT, flags TEXT
);
-- The elements of the file's list of results. `body` is always an object, so that it can be asked for its fields.
CREATE TEMP TABLE entry(position INTEGER PRIMARY KEY, place TEXT, body TEXT);
-- What became of each file: 'imported', or 'known' where it had been before.
CREATE TEMP TABLE outcome(file TEXT, tool TEXT, run INTEGER, outcome TEXT, benchmarks INTEGER, samples INTEGER, left_out INTEGER);
