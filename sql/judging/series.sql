-- The medians of the chosen benchmarks on each machine, oldest first.
SELECT v.benchmark, v.machine, v.measurement, v.median_seconds, coalesce(t.percent, 5.0)
  FROM temp.chosen AS c JOIN main.valid AS v ON v.benchmark = c.benchmark
  LEFT JOIN main.threshold AS t ON t.benchmark = c.benchmark
 ORDER BY v.benchmark, v.machine, v.started_at, v.run, v.measurement;
