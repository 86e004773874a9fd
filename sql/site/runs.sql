-- The newest ?1 runs, of all runs where that is negative.
SELECT 'run ' || r.run AS run, 'run-' || r.run || '.html' AS href, r.run AS "key",
       strftime('%Y-%m-%d %H:%M', r.started_at, 'localtime') AS started, r.started_at AS "key", r.status, iif(r.status = 'finished', NULL, 'failed') AS class,
       r.verb AS what, coalesce(shortened(r.label, 40, NULL, NULL), '') AS label, coalesce(c.name, '') AS "commit", c.href AS href,
       coalesce(shortened(r.branch, 30, NULL, NULL), '') AS branch,
       coalesce(m.benchmarks, 0) AS benchmarks, coalesce(m.benchmarks, 0) AS "key", coalesce(m.samples, 0) AS samples, coalesce(m.samples, 0) AS "key",
       iif((SELECT count(DISTINCT machine) FROM temp.site_run JOIN main.run USING (run)) > 1, r.machine || ': ' || k.title, '') AS machine
  FROM (SELECT * FROM temp.site_run ORDER BY position DESC LIMIT ?1) AS s JOIN main.run AS r USING (run)
  JOIN main.machine AS k USING (machine) JOIN temp.site_commit AS c USING (run)
  LEFT JOIN (SELECT run, count(*) AS benchmarks, sum(samples) AS samples FROM main.measurement GROUP BY run) AS m USING (run)
 ORDER BY s.position DESC;
