-- The commits of a range that are measured, of this connection only (cli/verbs/commits.c).
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE walk_benchmark(benchmark INTEGER PRIMARY KEY, position INTEGER NOT NULL);
CREATE TEMP TABLE walk_commit(
  number    INTEGER PRIMARY KEY, -- from the oldest on
  commit_id TEXT NOT NULL,
  subject   TEXT NOT NULL,
  run       INTEGER,             -- NULL: not measured
  known     INTEGER              -- 1: the run was there before
);
-- Change of each benchmark in a commit, against the one before it that has figures.
CREATE TEMP TABLE walk_change(
  benchmark INTEGER, measurement INTEGER, ratio REAL, low REAL, high REAL, adjusted_p REAL, verdict TEXT, needed INTEGER, -- samples; 0: there are enough
  PRIMARY KEY(benchmark, measurement)
);
-- The figures of the commits, each beside those before.
CREATE TEMP VIEW walk_figure AS
SELECT c.number, c.commit_id, c.subject, c.run, w.benchmark, w.position, m.measurement, m.median_seconds,
       lag(m.measurement) OVER earlier AS base, lag(m.median_seconds) OVER earlier AS base_median, lag(c.number) OVER earlier AS base_number
  FROM temp.walk_commit AS c JOIN main.run AS r ON r.run = c.run
  JOIN temp.walk_benchmark AS w JOIN main.measurement AS m ON m.run = c.run AND m.benchmark = w.benchmark
 WHERE m.samples > 0 AND r.error IS NULL
WINDOW earlier AS (PARTITION BY w.benchmark ORDER BY c.number);
-- A row for each benchmark of a commit; for a commit without figures, one that says why.
CREATE TEMP VIEW walk_row AS
SELECT c.number, c.commit_id, c.subject, c.run, f.position, b.name AS benchmark, b.variant, b.metric, b.unit, b.more_is_better, m.samples, m.median_seconds, m.low_seconds,
       m.high_seconds, f.median_seconds / nullif(f.base_median, 0) AS ratio, x.low AS ratio_low, x.high AS ratio_high, x.adjusted_p, x.verdict,
       CASE WHEN c.run IS NULL THEN 'not measured' WHEN r.error IS NOT NULL THEN 'failed: ' || r.error
            WHEN r.status = 'interrupted' THEN 'interrupted' WHEN c.known THEN 'known' END AS note
  FROM temp.walk_commit AS c LEFT JOIN main.run AS r ON r.run = c.run
  LEFT JOIN temp.walk_figure AS f ON f.number = c.number
  LEFT JOIN main.benchmark AS b ON b.benchmark = f.benchmark
  LEFT JOIN main.measurement AS m ON m.measurement = f.measurement
  LEFT JOIN temp.walk_change AS x ON x.measurement = f.measurement;
