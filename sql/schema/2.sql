-- Schema version 2: parameter scans over rows and rounds, interrupted runs, timings of commands and of other tools,
-- the tasks of maps, and order by time, since a merged or imported run may be older than those before it.
--
-- What it changes in the meaning of version 1:
--   run.verb    also 'command' (pricereport run -- COMMAND) and 'import'
--   run.tool    the version of pricereport; of an imported run, the name and version of the tool that measured
--   run.uuid    of an imported run, it follows from the content of the file, so that the same file is one run
--   sample      of a command: the user and system time and the peak memory of that one process and what it waited for.
--               Where system_ns is NULL and user_ns is not, user_ns is both together (Google Benchmark).
DROP VIEW comparison;
DROP VIEW latest;
DROP VIEW history;

ALTER TABLE run DROP COLUMN status;
ALTER TABLE run ADD COLUMN interrupted INTEGER NOT NULL DEFAULT 0; -- 1: the user ended it; what was measured is kept
ALTER TABLE run ADD COLUMN status TEXT AS (CASE WHEN error IS NOT NULL THEN 'failed'
                                                WHEN interrupted THEN 'interrupted'
                                                WHEN finished_at IS NULL THEN 'unfinished' ELSE 'finished' END);
CREATE INDEX run_by_time ON run(started_at, run);

ALTER TABLE benchmark ADD COLUMN rows INTEGER AS (json_extract(parameters, '$.rows'));     -- that were asked for
ALTER TABLE benchmark ADD COLUMN rounds INTEGER AS (json_extract(parameters, '$.rounds')); -- of increase_price_crazy
ALTER TABLE benchmark DROP COLUMN variant;
-- what tells benchmarks of one name apart, in few words: 'threads × 2, chunk 64, 1000 rows, 500 rounds'
ALTER TABLE benchmark ADD COLUMN variant TEXT AS (
  substr(coalesce(', ' || json_extract(parameters, '$.executor'), '')
         || coalesce(' × ' || json_extract(parameters, '$.workers'), '')
         || coalesce(', chunk ' || json_extract(parameters, '$.chunk'), '')
         || coalesce(', ' || json_extract(parameters, '$.rows') || ' rows', '')
         || coalesce(', ' || json_extract(parameters, '$.rounds') || ' rounds', ''), 3));

ALTER TABLE measurement ADD COLUMN tasks INTEGER; -- of the map that the table `task` is about; NULL: not recorded

-- Who evaluated which chunk when: the tasks of the last map of a measurement, at most its first 2000. Recorded when
-- the measurement is done. Times are from the start of that map.
CREATE TABLE task(
  measurement INTEGER NOT NULL REFERENCES measurement ON DELETE CASCADE,
  task        INTEGER NOT NULL, -- from 1, in the order of the source
  worker      INTEGER NOT NULL, -- from 0; -1: the host itself
  start_ns    INTEGER NOT NULL,
  end_ns      INTEGER NOT NULL,
  rows        INTEGER NOT NULL, -- of the chunk
  PRIMARY KEY(measurement, task)
) STRICT, WITHOUT ROWID;

-- The run that this one measured once more, since `check` suspected it to be slower. Such a run is nobody's baseline.
ALTER TABLE run ADD COLUMN repeats INTEGER REFERENCES run ON DELETE SET NULL;
CREATE INDEX run_by_repeated ON run(repeats) WHERE repeats IS NOT NULL;

-- What people said of figures, and why. 'ack': this change is known and stays, no alarm for it; 'exclude': these
-- figures are wrong, nothing is judged by them.
CREATE TABLE remark(
  remark    INTEGER PRIMARY KEY,
  kind      TEXT NOT NULL CHECK (kind IN ('ack', 'exclude')),
  run       INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  benchmark INTEGER REFERENCES benchmark, -- NULL: every one of the run
  reason    TEXT NOT NULL,
  made_at   TEXT NOT NULL                 -- UTC, ISO 8601
) STRICT;
CREATE UNIQUE INDEX remark_once ON remark(run, kind, coalesce(benchmark, 0));

-- From which change of its median on a benchmark has changed; 5 percent where it is not in here.
CREATE TABLE threshold(
  benchmark INTEGER PRIMARY KEY REFERENCES benchmark ON DELETE CASCADE,
  percent   REAL NOT NULL CHECK (percent > 0)
) STRICT;

-- The measurements that people made remarks on. Where there is one on the benchmark and one on its whole run, the first
-- of them counts.
CREATE VIEW remarked AS
SELECT m.measurement, m.run, m.benchmark, r.kind,
       coalesce(max(CASE WHEN r.benchmark IS NOT NULL THEN r.reason END), max(r.reason)) AS reason
  FROM remark AS r JOIN measurement AS m ON m.run = r.run AND (r.benchmark IS NULL OR r.benchmark = m.benchmark)
 GROUP BY m.measurement, r.kind;

-- The measurements that others may be judged by: samples were taken, and nobody excluded them.
CREATE VIEW valid AS
SELECT m.measurement, m.run, m.benchmark, m.samples, m.median_seconds, r.machine, r.started_at,
       coalesce(r.repeats, m.run) AS origin -- the same for a run and those that repeat it
  FROM measurement AS m JOIN run AS r USING (run)
 WHERE m.samples > 0
   AND NOT EXISTS (SELECT 1 FROM remark AS x WHERE x.kind = 'exclude' AND x.run = m.run
                      AND (x.benchmark IS NULL OR x.benchmark = m.benchmark));

-- Every measurement of every run, oldest first.
CREATE VIEW history AS
SELECT m.run, r.started_at, r.status, r.label, r.commit_id, r.branch, r.dirty,
       b.name AS benchmark, b.variant, b.executor, b.workers, b.chunk, b.rounds, m.rows,
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
 ORDER BY r.started_at, m.run, m.position;

-- The newest measurement of every benchmark on every machine.
CREATE VIEW latest AS
SELECT * FROM history
 WHERE measurement IN (
   SELECT measurement
     FROM (SELECT m.measurement, row_number() OVER (PARTITION BY m.benchmark, r.machine
                                                    ORDER BY r.started_at DESC, m.run DESC, m.position DESC) AS age
             FROM measurement AS m JOIN run AS r USING (run) WHERE m.samples > 0)
    WHERE age = 1);

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
        WINDOW earlier AS (PARTITION BY benchmark_id, machine ORDER BY started_at, run, position))
 WHERE previous_run IS NOT NULL
 ORDER BY started_at, run, position;

PRAGMA user_version = 2;
