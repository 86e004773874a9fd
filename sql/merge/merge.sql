-- Takes everything of the schema `other`, a history of the same version, into this one. What both have is recognised by what
-- names it everywhere: a machine by its fingerprint, a benchmark by its name and parameters, a run by its uuid, a
-- measurement by its run and position, a sample by its measurement and sequence. A run that was unfinished here, and
-- went on there, is completed.
CREATE TEMP TABLE known_run AS SELECT uuid FROM main.run;

INSERT INTO main.machine(processor, processors, architecture, memory_gib, kernel, sqlite, compiler, flags)
SELECT processor, processors, architecture, memory_gib, kernel, sqlite, compiler, flags FROM other.machine
 WHERE true ORDER BY machine
    ON CONFLICT DO NOTHING;
CREATE TEMP TABLE machine_map(theirs INTEGER PRIMARY KEY, ours INTEGER);
INSERT INTO machine_map
SELECT o.machine, m.machine
  FROM other.machine AS o
  JOIN main.machine AS m USING (processor, processors, architecture, memory_gib, kernel, sqlite, compiler, flags);

INSERT INTO main.benchmark(name, parameters) SELECT name, parameters FROM other.benchmark WHERE true ORDER BY benchmark
    ON CONFLICT DO NOTHING;
CREATE TEMP TABLE benchmark_map(theirs INTEGER PRIMARY KEY, ours INTEGER);
INSERT INTO benchmark_map
SELECT o.benchmark, b.benchmark FROM other.benchmark AS o JOIN main.benchmark AS b USING (name, parameters);

-- A run that is there already is not inserted: that would use up a number.
INSERT INTO main.run(uuid, verb, started_at, finished_at, error, machine, host, label, commit_id, branch, dirty, tool,
                     options, load_before, load_after, peak_memory_kib, interrupted)
SELECT o.uuid, o.verb, o.started_at, o.finished_at, o.error, k.ours, o.host, o.label, o.commit_id, o.branch, o.dirty,
       o.tool, o.options, o.load_before, o.load_after, o.peak_memory_kib, o.interrupted
  FROM other.run AS o JOIN machine_map AS k ON k.theirs = o.machine
 WHERE o.uuid NOT IN (SELECT uuid FROM known_run) ORDER BY o.run;
UPDATE main.run AS r
   SET finished_at = o.finished_at, error = o.error, load_after = o.load_after, peak_memory_kib = o.peak_memory_kib,
       interrupted = o.interrupted
  FROM other.run AS o
 WHERE o.uuid = r.uuid AND r.finished_at IS NULL AND o.finished_at IS NOT NULL;
CREATE TEMP TABLE run_map(theirs INTEGER PRIMARY KEY, ours INTEGER);
INSERT INTO run_map SELECT o.run, r.run FROM other.run AS o JOIN main.run AS r USING (uuid);
UPDATE main.run AS r SET repeats = q.ours
  FROM run_map AS p JOIN other.run AS o ON o.run = p.theirs JOIN run_map AS q ON q.theirs = o.repeats
 WHERE r.run = p.ours AND r.repeats IS NULL;

INSERT INTO main.measurement(run, benchmark, position, rows, samples, stopped, median_seconds, low_seconds, high_seconds,
                             mean_seconds, deviation_seconds, mad_seconds, minimum_seconds, p5_seconds, p25_seconds,
                             p75_seconds, p95_seconds, maximum_seconds, outliers, tasks)
SELECT r.ours, b.ours, o.position, o.rows, o.samples, o.stopped, o.median_seconds, o.low_seconds, o.high_seconds,
       o.mean_seconds, o.deviation_seconds, o.mad_seconds, o.minimum_seconds, o.p5_seconds, o.p25_seconds,
       o.p75_seconds, o.p95_seconds, o.maximum_seconds, o.outliers, o.tasks
  FROM other.measurement AS o JOIN run_map AS r ON r.theirs = o.run JOIN benchmark_map AS b ON b.theirs = o.benchmark
 WHERE true ORDER BY o.measurement
    ON CONFLICT(run, position) DO UPDATE
   SET rows = excluded.rows, samples = excluded.samples, stopped = excluded.stopped,
       median_seconds = excluded.median_seconds, low_seconds = excluded.low_seconds,
       high_seconds = excluded.high_seconds, mean_seconds = excluded.mean_seconds,
       deviation_seconds = excluded.deviation_seconds, mad_seconds = excluded.mad_seconds,
       minimum_seconds = excluded.minimum_seconds, p5_seconds = excluded.p5_seconds, p25_seconds = excluded.p25_seconds,
       p75_seconds = excluded.p75_seconds, p95_seconds = excluded.p95_seconds,
       maximum_seconds = excluded.maximum_seconds, outliers = excluded.outliers, tasks = excluded.tasks
 WHERE excluded.samples > measurement.samples
    OR measurement.stopped IS NULL AND excluded.stopped IS NOT NULL;
CREATE TEMP TABLE measurement_map(theirs INTEGER PRIMARY KEY, ours INTEGER);
INSERT INTO measurement_map
SELECT o.measurement, m.measurement
  FROM other.measurement AS o JOIN run_map AS r ON r.theirs = o.run
  JOIN main.measurement AS m ON m.run = r.ours AND m.position = o.position;
UPDATE main.measurement AS m SET baseline = q.ours
  FROM measurement_map AS p JOIN other.measurement AS o ON o.measurement = p.theirs
  JOIN measurement_map AS q ON q.theirs = o.baseline
 WHERE m.measurement = p.ours AND m.baseline IS NULL;

INSERT INTO main.task(measurement, task, worker, start_ns, end_ns, rows, host)
SELECT m.ours, o.task, o.worker, o.start_ns, o.end_ns, o.rows, o.host
  FROM measurement_map AS m JOIN other.task AS o ON o.measurement = m.theirs WHERE true
    ON CONFLICT DO NOTHING;

INSERT INTO main.remark(kind, run, benchmark, reason, made_at)
SELECT o.kind, r.ours, b.ours, o.reason, o.made_at
  FROM other.remark AS o JOIN run_map AS r ON r.theirs = o.run LEFT JOIN benchmark_map AS b ON b.theirs = o.benchmark
 WHERE true ORDER BY o.remark
    ON CONFLICT DO NOTHING;

INSERT INTO main.threshold(benchmark, percent)
SELECT b.ours, o.percent FROM other.threshold AS o JOIN benchmark_map AS b ON b.theirs = o.benchmark WHERE true
    ON CONFLICT DO NOTHING;

INSERT INTO main.sample(measurement, sequence, round, warmup, loops, wall_ns, user_ns, system_ns, peak_memory_kib, value)
SELECT m.ours, o.sequence, o.round, o.warmup, o.loops, o.wall_ns, o.user_ns, o.system_ns, o.peak_memory_kib, o.value
  FROM measurement_map AS m JOIN other.sample AS o ON o.measurement = m.theirs WHERE true
    ON CONFLICT DO NOTHING;

INSERT INTO outcome(new_samples, runs, new_runs)
SELECT changes(), (SELECT count(*) FROM other.run),
       (SELECT count(*) FROM other.run WHERE uuid NOT IN (SELECT uuid FROM known_run));

DROP TABLE known_run;
DROP TABLE machine_map;
DROP TABLE benchmark_map;
DROP TABLE run_map;
DROP TABLE measurement_map;
