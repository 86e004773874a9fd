-- The run that a text means: 'latest', a number, a label, a branch or the beginning of a commit, in this order; of
-- several runs the newest, those of the machine ?2 first (NULL: any). `commits`: how many commits begin so, where it
-- is one. A run that repeats another, that was excluded, that failed or that measured nothing is found by its number
-- only.
-- ?1 text, ?2 machine.
WITH candidate AS (
  SELECT * FROM run AS r
   WHERE repeats IS NULL AND error IS NULL AND run NOT IN (SELECT run FROM temp.passed_over)
     AND EXISTS (SELECT 1 FROM measurement AS m WHERE m.run = r.run AND m.samples > 0)
     AND NOT EXISTS (SELECT 1 FROM remark AS x WHERE x.kind = 'exclude' AND x.run = r.run AND x.benchmark IS NULL)
), found AS (
  SELECT 0 AS kind, run, machine, started_at, 1 AS commits FROM candidate WHERE ?1 = 'latest'
  UNION ALL SELECT 1, run, machine, started_at, 1 FROM run WHERE CAST(run AS TEXT) = ?1
  UNION ALL SELECT 2, run, machine, started_at, 1 FROM candidate WHERE label = ?1
  UNION ALL SELECT 3, run, machine, started_at, 1 FROM candidate WHERE branch = ?1
  UNION ALL SELECT 4, run, machine, started_at, count(*) OVER () FROM (
    SELECT *, row_number() OVER (PARTITION BY commit_id ORDER BY machine IS NOT ?2, started_at DESC, run DESC) AS place
      FROM candidate WHERE length(?1) >= 4 AND substr(commit_id, 1, length(?1)) = lower(?1)) WHERE place = 1
)
SELECT run, machine, commits FROM found ORDER BY kind, machine IS NOT ?2, started_at DESC, run DESC LIMIT 1;
