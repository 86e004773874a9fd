-- The run of a commit that has all benchmarks, or failed at them; a finished one first, then the newest. ?1 commit, ?2 machine.
SELECT r.run, r.error IS NOT NULL
  FROM run AS r
 WHERE r.commit_id = ?1 AND r.machine = ?2 AND r.dirty IS NOT 1 AND r.repeats IS NULL AND r.status IN ('finished', 'failed')
   AND NOT EXISTS (SELECT 1 FROM remark AS x WHERE x.kind = 'exclude' AND x.run = r.run AND x.benchmark IS NULL)
   AND NOT EXISTS (SELECT 1 FROM temp.walk_benchmark AS w
                    WHERE NOT EXISTS (SELECT 1 FROM measurement AS m
                                       WHERE m.run = r.run AND m.benchmark = w.benchmark AND (m.samples > 0 OR r.error IS NOT NULL)))
 ORDER BY r.error IS NOT NULL, r.started_at DESC, r.run DESC LIMIT 1;
