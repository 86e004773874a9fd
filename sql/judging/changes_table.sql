-- Where the chosen benchmarks changed, for people. ?1 machine, 0: all.
SELECT benchmark, variant AS executor, run, strftime('%Y-%m-%d %H:%M', started_at, 'localtime') AS started,
       coalesce(label, '') AS label, coalesce(substr(commit_id, 1, 9) || iif(dirty, '+', ''), '') AS "commit",
       figure(median_seconds, metric, unit) AS median, figure_range(low_seconds, high_seconds, metric, unit) AS "95 % interval",
       coalesce(change || coalesce(printf(' %+.1f %%', 100 * (ratio - 1)), ''), '') AS change,
       coalesce('excluded: ' || excluded || iif(acknowledged IS NULL, '', ', '), '')
       || coalesce('acknowledged: ' || acknowledged, '') AS note
  FROM history_row WHERE (machine = ?1 OR ?1 = 0) AND change IS NOT NULL
 ORDER BY benchmark, variant, benchmark_id, machine, place, started_at, run, measurement;
