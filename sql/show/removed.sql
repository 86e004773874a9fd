-- The runs that were removed, as data.
SELECT run, started_at, status, label, commit_id AS "commit", benchmarks, samples FROM temp.removed ORDER BY run;
