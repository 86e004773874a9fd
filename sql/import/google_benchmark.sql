-- The report of Google Benchmark, --benchmark_out_format=json: { context: { date, host_name, num_cpus, load_avg, ... },
-- benchmarks: [ { name, run_type, iterations, real_time, cpu_time, time_unit, ... } ] }. Entries of one name are
-- repetitions; aggregates follow from them, and stand for them only where they are alone; those that failed or were
-- skipped have no time.
INSERT INTO entry
SELECT b.key, b.fullkey, iif(b.type = 'object', b.value, '{}')
  FROM incoming AS i, json_each(i.body, '$.benchmarks') AS b;

-- `kind` is NULL for what was measured, else the name of the aggregate. Reports of old versions have no run_type: there a
-- name that ends like one is an aggregate's where what it would summarize, or another aggregate of that, is in the file.
CREATE TEMP VIEW reported AS
WITH named AS MATERIALIZED (
  SELECT position, path, body, body ->> '$.name' AS name, body ->> '$.run_type' AS run_type,
         CASE WHEN body ->> '$.name' GLOB '*_mean' THEN 'mean' WHEN body ->> '$.name' GLOB '*_median' THEN 'median'
              WHEN body ->> '$.name' GLOB '*_stddev' THEN 'stddev' END AS suffix
    FROM entry
), based AS MATERIALIZED (
  SELECT *, substr(name, 1, length(name) - length(suffix) - 1) AS base FROM named
)
SELECT position, path, body,
       CASE WHEN run_type = 'aggregate' THEN coalesce(body ->> '$.aggregate_name', 'aggregate')
            WHEN run_type IS NOT NULL THEN NULL
            WHEN json_type(body, '$.big_o') = 'text' OR json_type(body, '$.rms') IS NOT NULL AND json_type(body, '$.iterations') IS NULL
              THEN 'complexity'
            WHEN suffix IS NOT NULL AND (base IN (SELECT name FROM named WHERE suffix IS NULL)
                                         OR base IN (SELECT base FROM based GROUP BY base HAVING count(DISTINCT suffix) > 1))
              THEN suffix END AS kind,
       CASE WHEN run_type = 'aggregate' THEN coalesce(body ->> '$.run_name', base, name) ELSE base END AS of
  FROM based;

CREATE TEMP VIEW counted AS
SELECT *, CASE coalesce(body ->> '$.time_unit', 'ns') WHEN 'ns' THEN 1.0 WHEN 'us' THEN 1e3 WHEN 'ms' THEN 1e6 WHEN 's' THEN 1e9 END AS unit
  FROM reported;

-- Benchmarks of one name that the program registered apart stay apart: their families differ.
CREATE TEMP VIEW measured AS
SELECT min(position) OVER subject AS position, row_number() OVER (subject ORDER BY position) - 1 AS sequence, loops,
       CAST(round(real_ns * loops) AS INTEGER) AS wall_ns, CAST(round(cpu_ns * loops) AS INTEGER) AS user_ns, body
  FROM (SELECT position, body, body ->> '$.name' AS name, body ->> '$.family_index' AS family,
               body ->> '$.per_family_instance_index' AS instance, body ->> '$.iterations' AS loops,
               (body ->> '$.real_time') * unit AS real_ns, (body ->> '$.cpu_time') * unit AS cpu_ns
          FROM counted WHERE kind IS NULL AND position IN (SELECT position FROM taken))
WINDOW subject AS (PARTITION BY name, family, instance);

-- Rates that Google Benchmark itself computes are metrics, after all the times.
CREATE TEMP VIEW rate AS
WITH counter(place, name, unit) AS (VALUES (1000000000, 'bytes_per_second', 'B/s'), (2000000000, 'items_per_second', 'items/s'))
SELECT m.*, c.name AS metric, c.unit, c.place, v.value FROM measured AS m, counter AS c, json_each(m.body) AS v
 WHERE v.key = c.name AND v.type IN ('integer', 'real');

CREATE TEMP VIEW timing AS
SELECT position, sequence, loops, wall_ns, user_ns, NULL AS system_ns, NULL AS peak_memory_kib, NULL AS value FROM measured
UNION ALL
SELECT position + place, sequence, loops, wall_ns, user_ns, NULL, NULL, CAST(value AS REAL) FROM rate;

CREATE TEMP VIEW summary AS
SELECT min(position) AS position, max(coalesce(body ->> '$.repetitions', body ->> '$.iterations', 1)) AS samples,
       coalesce(max(CASE WHEN kind = 'median' THEN (body ->> '$.real_time') * unit END),
                max(CASE WHEN kind = 'mean' THEN (body ->> '$.real_time') * unit END)) / 1e9 AS median,
       max(CASE WHEN kind = 'mean' THEN (body ->> '$.real_time') * unit END) / 1e9 AS mean,
       max(CASE WHEN kind = 'stddev' THEN (body ->> '$.real_time') * unit END) / 1e9 AS deviation,
       NULL AS minimum, NULL AS p25, NULL AS p75, NULL AS maximum, of
  FROM counted
 WHERE kind IN ('mean', 'median', 'stddev') AND position IN (SELECT position FROM taken)
   AND of NOT IN (SELECT coalesce(body ->> '$.run_name', body ->> '$.name', '') FROM reported WHERE kind IS NULL)
 GROUP BY of HAVING median IS NOT NULL;

CREATE TEMP VIEW problem AS
SELECT NULL AS position, '$.benchmarks' AS path, 'at least one that ran' AS expected
 WHERE NOT EXISTS (SELECT 1 FROM counted WHERE NOT coalesce(body ->> '$.error_occurred', 0)
                                           AND coalesce(body ->> '$.skipped', 0) IN (0, '') AND kind IS NOT 'complexity')
UNION ALL
SELECT position, path, 'a benchmark that ran: it ' || iif(coalesce(body ->> '$.error_occurred', 0), 'failed', 'was skipped')
                        || coalesce(': ' || coalesce(body ->> '$.error_message', body ->> '$.skip_message'), '')
  FROM counted WHERE kind IS NULL AND (coalesce(body ->> '$.error_occurred', 0) OR coalesce(body ->> '$.skipped', 0) NOT IN (0, ''))
UNION ALL
SELECT position, path || '.name', 'a text' FROM counted WHERE json_type(body, '$.name') IS NOT 'text'
UNION ALL
SELECT position, path || '.iterations', 'a whole number from 1' FROM counted
 WHERE kind IS NULL AND (json_type(body, '$.iterations') IS NOT 'integer' OR body ->> '$.iterations' < 1)
UNION ALL
SELECT position, path || '.time_unit', 'ns, us, ms or s' FROM counted
 WHERE (kind IS NULL OR kind IN ('mean', 'median', 'stddev')) AND unit IS NULL
UNION ALL
SELECT position, path || '.real_time', 'the time of one iteration, a number from 0' FROM counted
 WHERE (kind IS NULL OR kind IN ('mean', 'median', 'stddev'))
   AND (coalesce(json_type(body, '$.real_time'), 'null') NOT IN ('integer', 'real') OR body ->> '$.real_time' < 0)
UNION ALL
SELECT position, path || '.cpu_time', 'the time of one iteration, a number from 0' FROM counted
 WHERE kind IS NULL AND (coalesce(json_type(body, '$.cpu_time'), 'null') NOT IN ('integer', 'real') OR body ->> '$.cpu_time' < 0)
UNION ALL
SELECT position, path || '.real_time', 'a time that with all iterations is below 1e9 seconds' FROM counted
 WHERE kind IS NULL
   AND (max(body ->> '$.real_time', body ->> '$.cpu_time') * unit * (body ->> '$.iterations')) NOT BETWEEN 0 AND 1e18;

CREATE TEMP VIEW subject AS
SELECT e.position + coalesce(r.place, 0) AS position, coalesce(s.of, e.body ->> '$.name') AS name,
       json_patch('{}', json_object('tool', 'Google Benchmark', 'program', p.program, 'metric', r.metric, 'unit', r.unit,
                                    'better', iif(r.metric IS NULL, NULL, 'more'))) AS parameters
  FROM entry AS e LEFT JOIN summary AS s USING (position)
  JOIN (SELECT DISTINCT position, NULL AS place, NULL AS metric, NULL AS unit FROM measured UNION ALL SELECT DISTINCT position, place, metric, unit FROM rate
        UNION ALL SELECT position, NULL, NULL, NULL FROM summary) AS r ON r.position = e.position,
       -- the name of the executable without its folder, also one of Windows
       (SELECT replace(path, rtrim(path, replace(path, '/', '')), '') AS program
          FROM (SELECT replace(body ->> '$.context.executable', '\', '/') AS path FROM incoming)) AS p;

CREATE TEMP VIEW header AS
SELECT 'Google Benchmark' || coalesce(' ' || (c ->> '$.library_version'), '') AS tool,
       -- before 2016 a date was 2015/03/17-18:40:25
       CASE WHEN date GLOB '????/??/??-*' THEN replace(substr(date, 1, 10), '/', '-') || ' ' || substr(date, 12) ELSE date END
         AS started_at,
       -- the name of a container is another one each time: a machine that the program named comes first
       coalesce((SELECT value FROM json_each(c) WHERE lower(key) IN ('machine', 'machine_name', 'runner', 'runner_name')
                    AND type = 'text' AND value <> '' LIMIT 1), nullif(c ->> '$.host_name', '')) AS host,
       -- entries that the program added to the context by itself
       (SELECT lower(value) FROM json_each(c)
         WHERE lower(key) IN ('commit', 'commit_id', 'commit_hash', 'git_commit', 'git_commit_id', 'git_hash', 'git_sha', 'git_revision', 'revision', 'sha')
           AND type = 'text' AND length(value) BETWEEN 7 AND 64 AND value NOT GLOB '*[^0-9a-fA-F]*' LIMIT 1) AS commit_id,
       (SELECT value FROM json_each(c) WHERE lower(key) IN ('branch', 'git_branch') AND type = 'text' LIMIT 1) AS branch,
       (SELECT CASE WHEN lower(atom) IN ('1', 'true', 'yes', 'dirty') THEN 1 WHEN lower(atom) IN ('0', 'false', 'no', 'clean') THEN 0 END
          FROM json_each(c) WHERE lower(key) IN ('dirty', 'git_dirty', 'git_is_dirty', 'commit_dirty') LIMIT 1) AS dirty,
       c ->> '$.load_avg[0]' AS load_before,
       (SELECT value FROM json_each(c) WHERE lower(key) IN ('cpu', 'cpu_model', 'cpu_model_name', 'cpu_name', 'cpu_brand', 'processor')
           AND type = 'text' AND value <> '' LIMIT 1) AS processor, max(c ->> '$.num_cpus', 0) AS processors,
       NULL AS architecture, NULL AS kernel, NULL AS compiler, c ->> '$.library_build_type' AS flags,
       json_object('context', json(c), 'benchmarks', (SELECT json_group_array(json(body)) FROM reported WHERE kind IS NULL)) AS rest
  FROM (SELECT body -> '$.context' AS c, body ->> '$.context.date' AS date FROM incoming);
