-- The newest runs of the machine of a run. ?1 run.
SELECT '#' || r.run AS run, strftime('%Y-%m-%d %H:%M', r.started_at, 'localtime') AS started, r.status, r.verb AS what,
       coalesce(r.label, '') AS label, coalesce(substr(r.commit_id, 1, 9) || iif(r.dirty, '+', ''), '') AS "commit",
       (SELECT count(*) FROM measurement AS m WHERE m.run = r.run) AS benchmarks,
       (SELECT coalesce(sum(samples), 0) FROM measurement AS m WHERE m.run = r.run) AS samples
  FROM run AS r WHERE r.machine = (SELECT machine FROM run WHERE run = ?1)
 ORDER BY r.started_at DESC, r.run DESC LIMIT 30;
