-- Tables and views of the judging verbs, of this connection only.
PRAGMA temp_store = MEMORY;

-- The benchmarks that the user named.
CREATE TEMP TABLE IF NOT EXISTS chosen(benchmark INTEGER PRIMARY KEY);
DELETE FROM temp.chosen;

-- Two measurements of each benchmark, and what they say. NULL where a side did not measure it.
CREATE TEMP TABLE IF NOT EXISTS judged(
  benchmark    INTEGER PRIMARY KEY,
  base         INTEGER, -- measurement
  now          INTEGER, -- measurement
  threshold    REAL,    -- the ratio from which on a change counts
  base_median  REAL, median REAL, ratio REAL, low REAL, high REAL, p REAL, adjusted_p REAL,
  verdict      TEXT,    -- see cli/judging/judge.h; also 'new', 'missing', 'excluded'
  needed       INTEGER, -- samples that both sides would need; 0: there are enough
  second       INTEGER, -- the measurement that was taken once more
  second_ratio REAL, second_p REAL,
  acknowledged TEXT,    -- why it is no alarm
  excluded     TEXT     -- why a side does not count
);
DELETE FROM temp.judged;

CREATE TEMP VIEW IF NOT EXISTS comparison_row AS
SELECT b.name AS benchmark, b.variant, b.executor, b.workers, b.chunk, b.metric, b.unit, b.more_is_better, x.run AS base_run, n.run,
       j.base_median, j.median, j.ratio, j.low, j.high, j.p, j.adjusted_p, x.samples AS base_samples, n.samples,
       100 * (j.threshold - 1) AS threshold_percent, j.verdict, j.acknowledged,
       s.run AS second_run, j.second_ratio, j.second_p,
       CASE WHEN j.excluded IS NOT NULL THEN 'excluded: ' || j.excluded
            WHEN j.acknowledged IS NOT NULL THEN 'acknowledged: ' || j.acknowledged
            WHEN j.second IS NOT NULL THEN iif(j.verdict = 'regression', 'confirmed', 'not confirmed') || ' by run ' || s.run
                                           || ' (' || times(j.second_ratio) || ')'
            WHEN j.verdict = 'inconclusive' AND j.base_median = 0 THEN iif(b.metric IS NULL, 'the base took 0 s: there is no ratio', 'the base is 0: there is no ratio')
            WHEN j.verdict = 'inconclusive' AND 'summary' IN (coalesce(x.stopped, ''), coalesce(n.stopped, ''))
              THEN 'a summary without samples: not tested'
            WHEN j.needed > 0 THEN 'needs ' || j.needed || ' samples on both sides'
            WHEN j.median = 0 AND b.metric IS NULL THEN 'took 0 s: too short for its clock'
            WHEN j.verdict = 'inconclusive' THEN 'more samples may tell'
            WHEN j.verdict = 'missing' THEN 'measured before only'
            WHEN j.verdict = 'new' THEN 'nothing to compare it with' END AS note,
       coalesce(n.position, 1000000 + x.position) AS position
  FROM temp.judged AS j
  JOIN main.benchmark AS b USING (benchmark)
  LEFT JOIN main.measurement AS x ON x.measurement = j.base
  LEFT JOIN main.measurement AS n ON n.measurement = j.now
  LEFT JOIN main.measurement AS s ON s.measurement = j.second;
