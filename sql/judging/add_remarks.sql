-- On the chosen benchmarks of a run. ?1 kind, ?2 run, ?3 reason.
INSERT INTO remark(kind, run, benchmark, reason, made_at)
SELECT DISTINCT ?1, m.run, m.benchmark, ?3, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  FROM measurement AS m JOIN temp.chosen AS c ON c.benchmark = m.benchmark WHERE m.run = ?2
    ON CONFLICT DO UPDATE SET reason = excluded.reason, made_at = excluded.made_at;
