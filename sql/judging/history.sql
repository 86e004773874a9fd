-- The chosen benchmarks over the runs, as data. ?1 machine, 0: all.
SELECT run, started_at, status, label, commit_id AS "commit", branch, dirty, machine, benchmark, variant, executor, workers,
       chunk, metric, unit, more_is_better, samples, median_seconds, low_seconds, high_seconds, change, before AS before_seconds,
       after AS after_seconds, ratio, p, acknowledged, excluded
  FROM history_row WHERE machine = ?1 OR ?1 = 0
 ORDER BY benchmark, variant, benchmark_id, machine, place, started_at, run, measurement;
