-- The history of pricereport, schema version 1.
--
-- Read it with sqlite3 or Datasette: the views at the end (`history`, `latest`, `comparison`) are made for people.
-- Each upgrade is one file of this folder, N.sql, which brings version N - 1 to N within one transaction and sets
-- user_version. A file that was released is never changed again: add the next.
--
-- A run measures benchmarks; a measurement is one benchmark in one run; a sample is one timing of a measurement.

PRAGMA application_id = 1886546275; -- 'pric'

-- Where it ran. One row for each difference that makes timings incomparable: runs of different machines are never
-- compared unless asked.
CREATE TABLE machine(
  machine      INTEGER PRIMARY KEY,
  processor    TEXT NOT NULL,    -- model, as the kernel names it
  processors   INTEGER NOT NULL, -- logical processors online
  architecture TEXT NOT NULL,
  memory_gib   INTEGER NOT NULL,
  kernel       TEXT NOT NULL,    -- system and major.minor
  sqlite       TEXT NOT NULL,    -- version of the SQLite library that ran
  compiler     TEXT NOT NULL,
  flags        TEXT NOT NULL,
  fingerprint  TEXT NOT NULL AS (processor || ', ' || processors || ' processors, ' || architecture || ', '
                                 || memory_gib || ' GiB, ' || kernel || ', SQLite ' || sqlite || ', ' || compiler
                                 || ', ' || flags),
  UNIQUE(processor, processors, architecture, memory_gib, kernel, sqlite, compiler, flags)
) STRICT;

-- One start of pricereport. `uuid` names the run on every machine, so that histories can be merged.
-- A run without `finished_at` was killed, or still runs: what it had measured is there.
CREATE TABLE run(
  run             INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid            TEXT NOT NULL UNIQUE,
  verb            TEXT NOT NULL,    -- 'experiment', 'run'
  started_at      TEXT NOT NULL,    -- UTC, ISO 8601
  finished_at     TEXT,             -- NULL: unfinished
  error           TEXT,             -- why it ended early, where it could still say so
  machine         INTEGER NOT NULL REFERENCES machine,
  host            TEXT,             -- the name of the machine then
  label           TEXT,
  commit_id       TEXT,             -- of the git work tree it ran in, where it ran in one
  branch          TEXT,
  dirty           INTEGER,          -- 1: the work tree had changes
  tool            TEXT NOT NULL,    -- version of pricereport
  options         TEXT NOT NULL,    -- JSON: the command line, and every setting in force
  load_before     REAL,             -- load average of the last minute
  load_after      REAL,
  peak_memory_kib INTEGER,          -- of pricereport itself; worker processes are not its children
  status          TEXT AS (CASE WHEN error IS NOT NULL THEN 'failed'
                                WHEN finished_at IS NULL THEN 'unfinished' ELSE 'finished' END)
) STRICT;
CREATE INDEX run_by_machine ON run(machine);

-- What is measured: the same row in every run, so that it has a history. `parameters` is a JSON object with
-- whatever tells it from others; absent rather than null where it has none.
CREATE TABLE benchmark(
  benchmark  INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  parameters TEXT NOT NULL,
  executor   TEXT AS (json_extract(parameters, '$.executor')),
  workers    INTEGER AS (json_extract(parameters, '$.workers')),
  chunk      INTEGER AS (json_extract(parameters, '$.chunk')),
  -- what tells benchmarks of one name apart, in few words: 'threads × 2, chunk 64'
  variant    TEXT AS (coalesce(json_extract(parameters, '$.executor'), '')
                      || coalesce(' × ' || json_extract(parameters, '$.workers'), '')
                      || coalesce(', chunk ' || json_extract(parameters, '$.chunk'), '')),
  UNIQUE(name, parameters)
) STRICT;

-- One benchmark in one run, with the summary of its counted samples, which is kept up to date with every sample.
-- All figures are seconds for one execution. The interval is NULL where the samples are too few for one.
CREATE TABLE measurement(
  measurement       INTEGER PRIMARY KEY,
  run               INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  benchmark         INTEGER NOT NULL REFERENCES benchmark,
  position          INTEGER NOT NULL, -- in the order of the run's table, from 0
  baseline          INTEGER REFERENCES measurement ON DELETE SET NULL, -- the serial one of this run
  rows              INTEGER,          -- that one execution gave
  samples           INTEGER NOT NULL DEFAULT 0, -- counted ones
  stopped           TEXT,             -- why sampling ended: 'interval', 'samples', 'time'; NULL: it did not
  median_seconds    REAL,
  low_seconds       REAL,             -- 95 % order-statistic interval of the median
  high_seconds      REAL,
  mean_seconds      REAL,
  deviation_seconds REAL,             -- standard deviation, n - 1
  mad_seconds       REAL,             -- median absolute deviation from the median
  minimum_seconds   REAL,
  p5_seconds        REAL,             -- percentiles, linear interpolation (R type 7)
  p25_seconds       REAL,
  p75_seconds       REAL,
  p95_seconds       REAL,
  maximum_seconds   REAL,
  outliers          INTEGER NOT NULL DEFAULT 0,
  UNIQUE(run, position)
) STRICT;
CREATE INDEX measurement_by_benchmark ON measurement(benchmark, run);

-- One timing: `loops` executions one after the other took `wall_ns` in all.
-- User and system time are those of pricereport's own process with its threads; the worker processes of the
-- `processes` executor are no children of it, and their time is not in here.
CREATE TABLE sample(
  measurement     INTEGER NOT NULL REFERENCES measurement ON DELETE CASCADE,
  sequence        INTEGER NOT NULL, -- order in the whole run, from 0
  round           INTEGER NOT NULL, -- 0: before the rounds, while warming up and finding `loops`
  warmup          INTEGER NOT NULL, -- 1: not counted
  loops           INTEGER NOT NULL,
  wall_ns         INTEGER NOT NULL,
  user_ns         INTEGER,
  system_ns       INTEGER,
  peak_memory_kib INTEGER,          -- where the sample was a process of its own
  PRIMARY KEY(measurement, sequence)
) STRICT, WITHOUT ROWID;

-- Every measurement of every run, oldest first.
CREATE VIEW history AS
SELECT m.run, r.started_at, r.status, r.label, r.commit_id, r.branch, r.dirty,
       b.name AS benchmark, b.variant, b.executor, b.workers, b.chunk, m.rows,
       m.median_seconds, m.low_seconds, m.high_seconds,
       s.median_seconds / m.median_seconds AS speed_up, -- over the serial measurement of the same run
       m.mean_seconds, m.deviation_seconds, m.mad_seconds, m.minimum_seconds, m.p5_seconds, m.p25_seconds,
       m.p75_seconds, m.p95_seconds, m.maximum_seconds,
       m.samples, m.outliers, m.stopped, k.fingerprint, r.machine, m.benchmark AS benchmark_id, m.measurement,
       m.position
  FROM measurement AS m
  JOIN run AS r USING (run)
  JOIN benchmark AS b ON b.benchmark = m.benchmark
  JOIN machine AS k ON k.machine = r.machine
  LEFT JOIN measurement AS s ON s.measurement = m.baseline
 ORDER BY m.run, m.position;

-- The newest measurement of every benchmark on every machine.
CREATE VIEW latest AS
SELECT * FROM history
 WHERE measurement IN (SELECT max(m.measurement) FROM measurement AS m JOIN run AS r USING (run)
                        WHERE m.samples > 0 GROUP BY m.benchmark, r.machine);

-- Every measurement beside the one before it of the same benchmark on the same machine. `ratio` above 1: slower.
-- Intervals that do not overlap are a hint of a change, no proof.
CREATE VIEW comparison AS
SELECT run, previous_run, benchmark, variant, median_seconds, previous_median_seconds,
       median_seconds / previous_median_seconds AS ratio,
       low_seconds <= previous_high_seconds AND previous_low_seconds <= high_seconds AS intervals_overlap,
       label, commit_id, started_at, machine
  FROM (SELECT *,
               lag(run) OVER earlier AS previous_run,
               lag(median_seconds) OVER earlier AS previous_median_seconds,
               lag(low_seconds) OVER earlier AS previous_low_seconds,
               lag(high_seconds) OVER earlier AS previous_high_seconds
          FROM history WHERE samples > 0
        WINDOW earlier AS (PARTITION BY benchmark_id, machine ORDER BY run, measurement))
 WHERE previous_run IS NOT NULL
 ORDER BY run, position;

PRAGMA user_version = 1;
