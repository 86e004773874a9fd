-- The outcome of each file, as data.
SELECT file, tool, run, outcome, benchmarks, samples, left_out FROM outcome ORDER BY rowid;
