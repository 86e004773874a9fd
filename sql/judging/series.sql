-- The medians of the chosen benchmarks on each machine, in the order of commits.
SELECT v.benchmark, v.machine, v.measurement, v.median_seconds, coalesce(t.percent, 5.0)
  FROM temp.chosen AS c JOIN main.valid AS v ON v.benchmark = c.benchmark
  JOIN temp.run_place AS o ON o.run = v.run
  LEFT JOIN main.threshold AS t ON t.benchmark = c.benchmark
 ORDER BY v.benchmark, v.machine, o.place, v.started_at, v.run, v.measurement;
