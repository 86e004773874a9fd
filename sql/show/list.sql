-- The recorded runs as data, oldest first.
SELECT r.run, r.started_at, r.finished_at, r.status, r.verb, r.label, r.commit_id AS "commit", r.branch, r.dirty,
       (SELECT count(*) FROM measurement AS m WHERE m.run = r.run) AS benchmarks,
       (SELECT coalesce(sum(samples), 0) FROM measurement AS m WHERE m.run = r.run) AS samples,
       r.host, r.machine, k.fingerprint
  FROM run AS r JOIN machine AS k USING (machine)
 WHERE r.run NOT IN (SELECT run FROM temp.passed_over) ORDER BY r.started_at, r.run;
