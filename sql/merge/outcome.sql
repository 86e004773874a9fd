-- The outcome of each file, as data.
SELECT file, runs, new_runs, new_samples FROM outcome ORDER BY rowid;
