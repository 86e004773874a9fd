-- Fills a new history with made-up runs, always the same ones for the same sizes. The caller makes
--   CREATE TEMP TABLE size(runs, benchmarks, samples, low_rank, high_rank, origin)
-- with one row: how many runs, benchmarks of each and samples of these; the ranks of the 95 % interval of the median of
-- so many samples; and an origin, a number that tells one history from another. Runs are one a day. Of every benchmark,
-- the median drifts by a thousandth; the one at position 3 becomes a tenth slower from the middle run on.
CREATE TEMP TABLE made_run AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n, size WHERE i < runs)
SELECT i FROM n;
CREATE TEMP TABLE made_benchmark AS
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n, size WHERE i < benchmarks - 1)
SELECT i, i / 2 AS map, i % 2 AS threads FROM n;
CREATE TEMP TABLE made_sample AS
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n, size WHERE i < samples - 1)
SELECT i FROM n;

BEGIN;
INSERT INTO machine(processor, processors, architecture, memory_gib, kernel, sqlite, compiler, flags)
SELECT 'Made-up ' || origin, 8, 'x86_64', 16, 'Linux 6.1', '3.40.1', 'gcc 12', 'release' FROM size;

INSERT INTO run(uuid, verb, started_at, finished_at, machine, host, label, commit_id, branch, dirty, tool, options,
                load_before, load_after, peak_memory_kib)
SELECT printf('%016x%016x', origin, i), 'run', strftime('%Y-%m-%dT%H:%M:%fZ', '2020-01-01', i || ' days', origin || ' seconds'),
       strftime('%Y-%m-%dT%H:%M:%fZ', '2020-01-01', i || ' days', (origin + 60) || ' seconds'), 1, 'made-up',
       iif(i % 10 = 0, 'week ' || (i / 10), NULL), printf('%040x', i), 'main', 0, '0.1.0',
       json_object('warmup', 1, 'min_samples', samples, 'max_samples', samples, 'min_seconds', 3, 'max_seconds', NULL,
                   'precision', 0.02, 'sample_seconds', 0.01, 'seed', i, 'arguments', json_array('run')),
       0.1, 0.5, 20000
  FROM made_run, size;

INSERT INTO benchmark(name, parameters)
SELECT 'map_' || map || '(p)',
       json_patch('{}', json_object('executor', iif(threads, 'threads', 'serial'), 'workers', iif(threads, 4, NULL),
                                    'database', 'made_up.db', 'source', 'prices', 'map', 'map_' || map || '(p)'))
  FROM made_benchmark;

INSERT INTO measurement(run, benchmark, position, rows, samples, stopped)
SELECT r.i, b.i + 1, b.i, 20000, samples, 'samples' FROM made_run AS r, made_benchmark AS b, size;
UPDATE measurement SET baseline = measurement - position % 2;

-- Noise of 3 % around the level: a hash of the place, from -1 to 1.
INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns, user_ns, system_ns)
SELECT m.measurement, s.i * benchmarks + m.position, s.i + 1, 0, 1,
       CAST(1e6 * (m.position + 1) * (1 + 0.001 * (m.run % 7)) * iif(m.position = 3 AND m.run > runs / 2, 1.1, 1)
            * (1 + 0.03 * (((m.measurement * 7919 + s.i * 104729 + origin * 613) * 48271 % 2147483647) / 1073741823.5 - 1))
            AS INTEGER),
       900000, 1000
  FROM measurement AS m, made_sample AS s, size;

WITH ranked AS (
  SELECT s.measurement, s.wall_ns / 1e9 AS seconds,
         row_number() OVER (PARTITION BY s.measurement ORDER BY s.wall_ns) AS rank, z.samples AS n, z.low_rank, z.high_rank
    FROM sample AS s, size AS z
), figures AS (
  SELECT measurement, avg(iif(rank IN ((n + 1) / 2, (n + 2) / 2), seconds, NULL)) AS median,
         max(iif(rank = low_rank, seconds, NULL)) AS low, max(iif(rank = high_rank, seconds, NULL)) AS high,
         avg(seconds) AS mean, min(seconds) AS minimum, max(seconds) AS maximum,
         max(iif(rank = 1 + n / 20, seconds, NULL)) AS p5, max(iif(rank = 1 + n / 4, seconds, NULL)) AS p25,
         max(iif(rank = n - n / 4, seconds, NULL)) AS p75, max(iif(rank = n - n / 20, seconds, NULL)) AS p95
    FROM ranked GROUP BY measurement
)
UPDATE measurement AS m
   SET median_seconds = f.median, low_seconds = f.low, high_seconds = f.high, mean_seconds = f.mean,
       deviation_seconds = 0.017 * f.mean, mad_seconds = 0.015 * f.median, minimum_seconds = f.minimum,
       maximum_seconds = f.maximum, p5_seconds = f.p5, p25_seconds = f.p25, p75_seconds = f.p75, p95_seconds = f.p95
  FROM figures AS f WHERE f.measurement = m.measurement;
COMMIT;
DROP TABLE made_run;
DROP TABLE made_benchmark;
DROP TABLE made_sample;
