-- Chooses a run, and those that repeat it: without it they would be runs like others. ?1 run.
INSERT INTO temp.removed(run, started_at, status, label, commit_id, benchmarks, samples)
SELECT r.run, r.started_at, r.status, r.label, r.commit_id,
       (SELECT count(*) FROM main.measurement AS m WHERE m.run = r.run),
       (SELECT coalesce(sum(m.samples), 0) FROM main.measurement AS m WHERE m.run = r.run)
  FROM main.run AS r WHERE ?1 IN (r.run, r.repeats)
    ON CONFLICT DO NOTHING;
