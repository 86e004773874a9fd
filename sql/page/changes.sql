-- The change points of the benchmarks of a run on its machine, newest first. ?1 run.
SELECT h.benchmark, h.variant, '#' || h.run AS "from run", coalesce(h.label, '') AS label,
       coalesce(substr(h.commit_id, 1, 9) || iif(h.dirty, '+', ''), '') AS "commit", figure(h.before, h.metric, h.unit) AS before,
       figure(h.after, h.metric, h.unit) AS after, printf('%+.0f %%', 100 * (h.ratio - 1)) AS change,
       h.change || coalesce(', acknowledged: ' || h.acknowledged, '') AS verdict
  FROM history_row AS h
 WHERE h.change IS NOT NULL AND h.machine = (SELECT machine FROM run WHERE run = ?1)
 ORDER BY h.place DESC, h.started_at DESC, h.run DESC, h.benchmark, h.variant LIMIT 100;
