-- Every benchmark on every machine, as data. ?1 machine, 0: all.
SELECT benchmark, variant, executor, workers, chunk, metric, unit, more_is_better, machine, runs, first_started_at, started_at AS last_started_at,
       run AS last_run, median_seconds, low_seconds, high_seconds, changes, changed_run, changed, changed_ratio
  FROM overview_row WHERE machine = ?1 OR ?1 = 0 ORDER BY benchmark, variant, benchmark_id, machine;
