-- The runs that were removed, for people.
SELECT run, substr(started_at, 1, 10) || ' ' || substr(started_at, 12, 5) AS started, status, coalesce(label, '') AS label,
       coalesce(substr(commit_id, 1, 9), '') AS "commit", benchmarks, samples
  FROM temp.removed ORDER BY run;
