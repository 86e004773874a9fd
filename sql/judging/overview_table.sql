-- Every benchmark on every machine, for people. ?1 machine, 0: all.
SELECT benchmark, variant AS executor, machine, runs, strftime('%Y-%m-%d %H:%M', started_at, 'localtime') AS newest,
       figure(median_seconds, metric, unit) AS median, figure_range(low_seconds, high_seconds, metric, unit) AS "95 % interval", changes,
       coalesce(changed || coalesce(printf(' %+.1f %%', 100 * (changed_ratio - 1)), '') || ' in run ' || changed_run, '')
         AS "last change"
  FROM overview_row WHERE machine = ?1 OR ?1 = 0 ORDER BY benchmark, variant, benchmark_id, machine;
