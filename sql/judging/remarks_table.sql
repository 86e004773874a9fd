-- Remarks of people on figures, for people. ?1 1: acknowledged changes, 2: excluded figures.
SELECT x.run, strftime('%Y-%m-%d %H:%M', r.started_at, 'localtime') AS started, coalesce(r.label, '') AS label,
       coalesce(substr(r.commit_id, 1, 9), '') AS "commit", coalesce(b.name, 'all') AS benchmark,
       coalesce(b.variant, '') AS executor, x.reason
  FROM remark AS x JOIN run AS r USING (run) LEFT JOIN benchmark AS b ON b.benchmark = x.benchmark
 WHERE x.kind = iif(?1 = 1, 'ack', 'exclude') ORDER BY r.started_at, x.run, b.name, b.variant;
