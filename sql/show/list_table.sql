-- The recorded runs for people, oldest first.
SELECT r.run, strftime('%Y-%m-%d %H:%M', r.started_at, 'localtime') AS started, r.status, r.verb AS what, coalesce(r.label, '') AS label,
       coalesce(substr(r.commit_id, 1, 9) || iif(r.dirty, '+', ''), '') AS "commit",
       (SELECT count(*) FROM measurement AS m WHERE m.run = r.run) AS benchmarks,
       (SELECT coalesce(sum(samples), 0) FROM measurement AS m WHERE m.run = r.run) AS samples,
       r.machine || ': ' || iif(k.processors = 0, k.processor, k.title) AS machine
  FROM run AS r JOIN machine AS k USING (machine)
 WHERE r.run NOT IN (SELECT run FROM temp.passed_over) ORDER BY r.started_at, r.run;
