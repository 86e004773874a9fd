-- A history for one kind of chart, in a file that pricereport has made by recording one run. The table `wish` says which:
-- CREATE TEMP TABLE wish(layout, series, name, first, step, runs, samples, unit), with one row.
--
-- layout   'ways': one work by serial and by other executors with more and more workers; 'works': works by serial;
--          'commands': commands; 'parameters': a command with parameters; 'metric': a metric of commands, in `unit`;
--          'grid': works of several numbers of rows and rounds, each by serial, threads and processes
-- name     of a work, in which # stands for its number
-- first    the median of the first series; each further one has `step` more
-- runs     over which the medians vary by two per cent, and from the second half on are a third greater
-- samples  of each measurement, which lie within two per cent of the median
DELETE FROM task;
DELETE FROM sample;
DELETE FROM measurement;
DELETE FROM run;
DELETE FROM benchmark;
INSERT INTO run(run, uuid, verb, started_at, finished_at, machine, label, tool, options)
  WITH RECURSIVE n(r) AS (SELECT 1 UNION ALL SELECT r + 1 FROM n, wish WHERE r < runs)
  SELECT r, 'made-' || r, iif(layout IN ('commands', 'parameters', 'metric'), 'command', 'run'),
         strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', '+' || r || ' hours'), strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', '+' || r || ' hours', '+9 minutes'),
         (SELECT max(machine) FROM machine), iif(runs > 1, 'nightly build ' || date('2026-01-01', r || ' days'), NULL), 'made', '{}'
    FROM n, wish;
INSERT INTO benchmark(benchmark, name, parameters)
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n, wish WHERE i < series - 1)
  SELECT i + 1, replace(name, '#', iif(layout IN ('ways', 'parameters', 'grid'), '', i + 1)),
         CASE layout
         WHEN 'ways' THEN iif(i = 0, json_object('executor', 'serial'),
                              json_object('executor', json_extract('["threads","processes","mpi","auto"]', '$[' || ((i - 1) % 4) || ']'), 'workers', (i - 1) / 4 + 1))
         WHEN 'works' THEN json_object('executor', 'serial')
         WHEN 'commands' THEN '{}'
         WHEN 'parameters' THEN json_object('parameters', json_object('the size of the list that is sorted', CAST(i + 1 AS TEXT)))
         WHEN 'metric' THEN json_patch(json_object('metric', 'what it prints'), json_object('unit', unit))
         WHEN 'grid' THEN json_object('executor', json_extract('["serial","threads","processes"]', '$[' || (i % 3) || ']'),
                                      'rows', 10 * (1 + i / 3 % 3) * (1 + i / 3 % 3), 'rounds', (1 + i / 9) * (1 + i / 9))
         END FROM n, wish;
INSERT INTO measurement(measurement, run, benchmark, position, rows, samples, stopped, median_seconds, low_seconds, high_seconds, mean_seconds, deviation_seconds,
                        mad_seconds, minimum_seconds, p5_seconds, p25_seconds, p75_seconds, p95_seconds, maximum_seconds, tasks, baseline)
  SELECT 10000 * r + benchmark, r, benchmark, benchmark - 1, coalesce(rows, 20), wish.samples, 'samples', t, iif(wish.samples > 5, t - s, NULL), iif(wish.samples > 5, t + s, NULL), t,
         iif(wish.samples > 1, s, NULL), s, t - 2 * s, t - 2 * s, t - s, t + s, t + 2 * s, t + 2 * s, iif(layout IN ('ways', 'works', 'grid'), 4, NULL),
         CASE layout WHEN 'ways' THEN 10000 * r + 1 WHEN 'works' THEN 10000 * r + benchmark WHEN 'grid' THEN 10000 * r + benchmark - (benchmark - 1) % 3 END
    FROM (SELECT *, abs(t) / 100 AS s
            FROM (SELECT run AS r, benchmark, rows,
                         (first + step * (benchmark - 1)) * (1 + (run * 7919 + benchmark * 104729) % 1000 / 5e4 * (runs > 1))
                         * iif(runs > 20 AND run > runs / 2, 1.33, 1.0) AS t FROM run, benchmark, wish)), wish ORDER BY 1;
INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns, value)
  WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s, wish WHERE n < samples - 1)
  SELECT measurement, position * 1000 + n, n + 1, 0, 1, iif(metric IS NULL, CAST(min(9e18, 1e9 * figure) AS INTEGER), 1000), iif(metric IS NOT NULL, figure, NULL)
    FROM (SELECT *, median_seconds * (1 + iif(samples > 1, (n % 5 - 2) / 100.0, 0)) AS figure
            FROM measurement JOIN benchmark USING (benchmark), s WHERE run > (SELECT max(run) - 2 FROM run));
INSERT INTO task(measurement, task, worker, start_ns, end_ns, rows)
  SELECT measurement, value + 1, value % coalesce(workers, 1), value * 1000000, (value + 1) * 1000000, 5
    FROM measurement JOIN benchmark USING (benchmark), json_each('[0,1,2,3]') WHERE tasks = 4 AND run = (SELECT max(run) FROM run);
