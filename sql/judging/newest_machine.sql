-- The machine of the newest measurement of the chosen benchmarks.
SELECT v.machine FROM temp.chosen AS c JOIN main.valid AS v ON v.benchmark = c.benchmark
 WHERE v.run NOT IN (SELECT run FROM temp.passed_over)
 ORDER BY v.started_at DESC, v.run DESC LIMIT 1;
