-- A history of 400 runs × 20 benchmarks × 30 samples in a new file, which pricereport has made by recording one run.
-- From run 301 on everything takes 1.3 times as long.
CREATE TEMP TABLE made AS
  WITH RECURSIVE run(r) AS (SELECT 1 UNION ALL SELECT r + 1 FROM run WHERE r < 400) SELECT r FROM run;
DELETE FROM task;
DELETE FROM sample;
DELETE FROM measurement;
DELETE FROM run;
DELETE FROM benchmark;
INSERT INTO benchmark(benchmark, name, parameters)
  WITH RECURSIVE b(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM b WHERE i < 19)
  SELECT i + 1, 'work ' || (i / 4 + 1), json_object('executor', json_extract('["serial","threads","processes","auto"]', '$[' || (i % 4) || ']'), 'workers', 2)
    FROM b;
INSERT INTO run(run, uuid, verb, started_at, finished_at, machine, label, commit_id, dirty, tool, options)
  SELECT r, 'made-' || r, 'run', strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', '+' || r || ' hours'),
         strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', '+' || r || ' hours', '+9 minutes'),
         (SELECT max(machine) FROM machine), iif(r % 50 = 0, 'v' || (r / 50), NULL), printf('%040x', r), 0, 'made', '{}'
    FROM made;
-- Deterministic noise of some per cent, without the luck of a random generator.
INSERT INTO measurement(measurement, run, benchmark, position, rows, samples, stopped, median_seconds, low_seconds, high_seconds,
                        mean_seconds, deviation_seconds, mad_seconds, minimum_seconds, p5_seconds, p25_seconds, p75_seconds,
                        p95_seconds, maximum_seconds, baseline)
  SELECT 100 * r + benchmark, r, benchmark, benchmark - 1, 1000, 30, 'samples', t, t * .99, t * 1.01, t, t * .02, t * .01, t * .97,
         t * .975, t * .99, t * 1.01, t * 1.03, t * 1.05, 100 * r + benchmark - (benchmark - 1) % 4
    FROM (SELECT r, benchmark, 1e-3 * benchmark * iif(r > 300, 1.3, 1) * (1 + ((r * 7919 + benchmark * 104729) % 1000) / 1e5) AS t
            FROM made, benchmark) ORDER BY 1;
INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns)
  WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < 29)
  SELECT measurement, position * 30 + n, n + 1, 0, 1, CAST(1e9 * median_seconds * (0.97 + n * n / 11000.0) AS INTEGER) FROM measurement, s;
-- A map of more tasks than a chart has pixels, for the newest run.
UPDATE measurement SET tasks = 5000 WHERE run = 400;
INSERT INTO task(measurement, task, worker, start_ns, end_ns, rows)
  WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 2000)
  SELECT measurement, n, n % 2, n * 1000, n * 1000 + 1900, 1 FROM measurement, t WHERE run = 400;
