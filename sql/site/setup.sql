-- Tables and views of which the pages of a site are made: of this connection only. temp.history_row and
-- temp.run_place (sql/judging, sql/history) hold every benchmark that was timed.
DROP TABLE IF EXISTS temp.site_setting;
CREATE TEMP TABLE site_setting(commit_url TEXT);

-- The runs that were not passed over (--branch, --commits), in the order of commits. Runs that are detailed are tested against their baselines; those that are drawn have
-- charts, too.
DROP TABLE IF EXISTS temp.site_run;
CREATE TEMP TABLE site_run(run INTEGER PRIMARY KEY, position INTEGER, earlier INTEGER, later INTEGER,
                           detailed INTEGER NOT NULL DEFAULT 0, drawn INTEGER NOT NULL DEFAULT 0);
INSERT INTO temp.site_run(run, position, earlier, later)
SELECT run, row_number() OVER place, lag(run) OVER place, lead(run) OVER place
  FROM main.run JOIN temp.run_place USING (run)
WINDOW place AS (ORDER BY place, started_at, run);

-- The measurements. `number` counts the measurements of a series, a benchmark on a machine. Those that are `usable`
-- are baselines of later ones.
DROP TABLE IF EXISTS temp.site_row;
CREATE TEMP TABLE site_row AS
SELECT h.measurement, h.run, h.benchmark_id AS benchmark, h.machine, h.position, h.status, h.samples, h.median_seconds,
       h.low_seconds, h.high_seconds, h.metric, h.unit, h.more_is_better, h.change, h.before, h.after, h.ratio,
       h.acknowledged, h.excluded, h.excluded IS NULL AND r.error IS NULL AND r.repeats IS NULL AS usable,
       h.started_at, h.label, h.commit_id, h.dirty,
       row_number() OVER (PARTITION BY h.benchmark_id, h.machine ORDER BY s.position, h.measurement) AS number
  FROM temp.history_row AS h JOIN temp.site_run AS s USING (run) JOIN main.run AS r USING (run)
 WHERE h.median_seconds IS NOT NULL;
CREATE INDEX temp.site_row_by_series ON site_row(benchmark, machine, number);
CREATE INDEX temp.site_row_by_run ON site_row(run, position);

-- The series, with the newest measurement that was not excluded, and the newest change.
DROP TABLE IF EXISTS temp.site_series;
CREATE TEMP TABLE site_series(series INTEGER PRIMARY KEY, benchmark INTEGER, machine INTEGER, runs INTEGER, changes INTEGER,
                              latest INTEGER, changed INTEGER, UNIQUE(machine, benchmark));
INSERT INTO temp.site_series(benchmark, machine, runs, changes)
SELECT benchmark, machine, count(*), count(change) FROM temp.site_row GROUP BY benchmark, machine;
UPDATE temp.site_series AS s
   SET latest = (SELECT rowid FROM temp.site_row AS r WHERE r.benchmark = s.benchmark AND r.machine = s.machine
                  ORDER BY r.excluded IS NULL DESC, r.number DESC LIMIT 1),
       changed = (SELECT rowid FROM temp.site_row AS r WHERE r.benchmark = s.benchmark AND r.machine = s.machine
                     AND r.change IS NOT NULL ORDER BY r.number DESC LIMIT 1);

-- The names of benchmarks, and the files of their pages, which are named by number: names may hold anything.
DROP TABLE IF EXISTS temp.site_benchmark;
CREATE TEMP TABLE site_benchmark(benchmark INTEGER PRIMARY KEY, name TEXT, short_name TEXT, variant TEXT, page TEXT);
INSERT INTO temp.site_benchmark
SELECT benchmark, name, shortened(name, 120, lag(name) OVER alike, lead(name) OVER alike), variant, 'benchmark-' || benchmark || '.html'
  FROM (SELECT benchmark, name,
               coalesce(nullif(variant, ''), shortened((SELECT group_concat(key || '=' || value, ', ')
                                                          FROM json_each(b.parameters, '$.parameters')), 80, NULL, NULL), '') AS variant
          FROM main.benchmark AS b WHERE benchmark IN (SELECT benchmark FROM temp.site_series))
WINDOW alike AS (ORDER BY name);

-- The name of a run's commit, and its address, where the name is the hash that git writes.
DROP VIEW IF EXISTS temp.site_commit;
CREATE TEMP VIEW site_commit AS
SELECT run, substr(commit_id, 1, 9) || iif(dirty, '+', '') AS name,
       iif(length(commit_id) BETWEEN 7 AND 64 AND NOT commit_id GLOB '*[^0-9a-f]*',
           replace(commit_url, '{commit}', commit_id), NULL) AS href
  FROM main.run, temp.site_setting;

-- The newest change of a series in words: its state is the class of a row.
DROP VIEW IF EXISTS temp.site_change;
CREATE TEMP VIEW site_change AS
SELECT r.rowid AS id, r.*, iif(r.acknowledged IS NOT NULL AND r.change = 'regression', 'acknowledged', r.change) AS state,
       r.change || iif(r.ratio IS NULL, '', printf(' %+.1f %%', 100 * (r.ratio - 1))) AS verdict
  FROM temp.site_row AS r WHERE r.change IS NOT NULL;
