-- Where a file waits to be taken in. An importer, NAME.sql, fills `entry` from `incoming` and makes the views
--   problem(position, path, expected)   what is not as it should be, for which an entry is left out; without a
--                                        position the whole file is refused
--   header(...)                          one row about the whole, with the columns that insert.sql reads
--   subject(position, name, parameters)  the benchmarks; parameters as in the table benchmark
--   timing(position, sequence, loops, wall_ns, user_ns, system_ns, peak_memory_kib, value)  their samples; value is
--                                        the figure of a metric, else NULL
--   summary(position, samples, median, ...)  what the file has of benchmarks without samples, in seconds, or the unit
--                                        of the metric
-- in the temp schema, which insert.sql then reads. Of these, all but problem are about what is `taken`.
CREATE TEMP TABLE incoming(
  file TEXT, modified REAL, -- seconds since 1970
  body TEXT, uuid TEXT, label TEXT,
  ignore_failure INTEGER, -- 1: commands that failed were timed, too
  -- the machine here, where the user said that it was measured here; else NULL
  host TEXT, processor TEXT, processors INTEGER, architecture TEXT, memory_gib INTEGER, kernel TEXT, sqlite TEXT,
  compiler TEXT, flags TEXT
);
-- The files of a folder of results, of which folder.sql the results.
CREATE TEMP TABLE part(folder TEXT, name TEXT, modified REAL, body TEXT);
-- The elements of the file's list of results. `body` is always an object, so that its fields can be read.
CREATE TEMP TABLE entry(position INTEGER PRIMARY KEY, path TEXT, body TEXT);
-- Parts of the files that are left out, and why: an entry, or `timings` of one. Notes about what is taken have neither.
CREATE TEMP TABLE left_out(file TEXT, position INTEGER, timings INTEGER, path TEXT, reason TEXT);
CREATE TEMP VIEW taken AS
SELECT position, path, body FROM entry
 WHERE position NOT IN (SELECT l.position FROM left_out AS l JOIN incoming USING (file) WHERE l.position IS NOT NULL);
-- The outcome of each file: 'imported', or 'known' where it had been before.
CREATE TEMP TABLE outcome(file TEXT, tool TEXT, run INTEGER, outcome TEXT, benchmarks INTEGER, samples INTEGER, left_out INTEGER);
