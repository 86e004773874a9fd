-- Schema version 3: metrics beside times, and machines that a user names.
--
-- What it changes in the meaning of version 2:
--   benchmark   with a metric: a figure of a command that is no time, such as its peak memory; its name is the command's.
--               The parameters have 'metric', where it has one 'unit' (B: bytes), and 'better': 'more' where more is better
--   measurement of a metric: the columns in ..._seconds are figures in its unit
--   sample      of a metric: `value` is the figure, the times are those of the execution that gave it
--   machine     that a user named (--machine): processor is that name, all else is 0 and 'any'; what it was in truth is
--               in run.options, '$.machine'
DROP VIEW comparison;
DROP VIEW latest;
DROP VIEW history;

ALTER TABLE sample ADD COLUMN value REAL;

ALTER TABLE benchmark ADD COLUMN metric TEXT AS (json_extract(parameters, '$.metric'));
ALTER TABLE benchmark ADD COLUMN unit TEXT AS (json_extract(parameters, '$.unit'));
ALTER TABLE benchmark ADD COLUMN more_is_better INTEGER AS (json_extract(parameters, '$.better') IS 'more');
ALTER TABLE benchmark DROP COLUMN variant;
-- what tells benchmarks of one name apart, in few words: 'threads × 2, chunk 64, 1000 rows, 500 rounds', 'peak memory'
ALTER TABLE benchmark ADD COLUMN variant TEXT AS (
  substr(coalesce(', ' || json_extract(parameters, '$.executor'), '')
         || coalesce(' × ' || json_extract(parameters, '$.workers'), '')
         || coalesce(', chunk ' || json_extract(parameters, '$.chunk'), '')
         || coalesce(', ' || json_extract(parameters, '$.rows') || ' rows', '')
         || coalesce(', ' || json_extract(parameters, '$.rounds') || ' rounds', '')
         || coalesce(', ' || json_extract(parameters, '$.metric'), ''), 3));

ALTER TABLE machine DROP COLUMN fingerprint;
ALTER TABLE machine ADD COLUMN fingerprint TEXT AS (
  CASE WHEN flags = 'any' THEN processor
       ELSE processor || ', ' || processors || ' processors, ' || architecture || ', ' || memory_gib || ' GiB, ' || kernel
            || ', SQLite ' || sqlite || ', ' || compiler || ', ' || flags END);
-- in few words, for lists
ALTER TABLE machine ADD COLUMN title TEXT AS (processor || iif(flags = 'any', '', ' × ' || processors));

-- Every measurement of every run, oldest first. Figures of a metric are in its unit.
CREATE VIEW history AS
SELECT m.run, r.started_at, r.status, r.label, r.commit_id, r.branch, r.dirty,
       b.name AS benchmark, b.variant, b.executor, b.workers, b.chunk, b.rounds, b.metric, b.unit, b.more_is_better, m.rows,
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

PRAGMA user_version = 3;
