-- The outcome of each file, for people.
SELECT file, runs, new_runs AS "new runs", new_samples AS "new samples" FROM outcome ORDER BY rowid;
