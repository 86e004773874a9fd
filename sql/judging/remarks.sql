-- Remarks of people on figures, as data. ?1 1: acknowledged changes, 2: excluded figures.
SELECT x.run, b.name AS benchmark, b.variant, x.reason, x.made_at, r.label, r.commit_id AS "commit", r.started_at
  FROM remark AS x JOIN run AS r USING (run) LEFT JOIN benchmark AS b ON b.benchmark = x.benchmark
 WHERE x.kind = iif(?1 = 1, 'ack', 'exclude') ORDER BY r.started_at, x.run, b.name, b.variant;
