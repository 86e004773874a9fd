-- The report of Google Benchmark, --benchmark_out_format=json: { context: { date, host_name, num_cpus, load_avg, ... },
-- benchmarks: [ { name, run_type, iterations, real_time, cpu_time, time_unit, ... } ] }. Entries of one name are
-- repetitions; aggregates follow from them, and those that failed or were skipped have no time.
INSERT INTO entry
SELECT b.key, b.fullkey, iif(b.type = 'object', b.value, '{}')
  FROM incoming AS i, json_each(i.body, '$.benchmarks') AS b
 WHERE b.type IS NOT 'object' OR coalesce(b.value ->> '$.run_type', '') <> 'aggregate'
       -- reports of old versions name them only
       AND NOT (b.value ->> '$.run_type' IS NULL AND (b.value ->> '$.name' GLOB '*_mean' OR b.value ->> '$.name' GLOB '*_median'
                                                      OR b.value ->> '$.name' GLOB '*_stddev'));

CREATE TEMP VIEW counted AS
SELECT position, place, body FROM entry
 WHERE NOT coalesce(body ->> '$.error_occurred', 0) AND coalesce(body ->> '$.skipped', 0) IN (0, '');

CREATE TEMP VIEW timing AS
SELECT min(position) OVER (PARTITION BY name) AS position,
       row_number() OVER (PARTITION BY name ORDER BY position) - 1 AS sequence, loops,
       CAST(round(real_ns * loops) AS INTEGER) AS wall_ns, CAST(round(cpu_ns * loops) AS INTEGER) AS user_ns,
       NULL AS system_ns, NULL AS peak_memory_kib, position AS origin
  FROM (SELECT position, body ->> '$.name' AS name, body ->> '$.iterations' AS loops,
               (body ->> '$.real_time') * unit AS real_ns, (body ->> '$.cpu_time') * unit AS cpu_ns
          FROM (SELECT *, CASE coalesce(body ->> '$.time_unit', 'ns')
                          WHEN 'ns' THEN 1.0 WHEN 'us' THEN 1e3 WHEN 'ms' THEN 1e6 WHEN 's' THEN 1e9 END AS unit
                  FROM counted));

CREATE TEMP VIEW problem AS
SELECT '$.benchmarks' AS place,
       'at least one that ran, and not aggregates alone (leave out --benchmark_report_aggregates_only)' AS expected
 WHERE NOT EXISTS (SELECT 1 FROM counted)
UNION ALL
SELECT place || '.name', 'a text' FROM counted WHERE json_type(body, '$.name') IS NOT 'text'
UNION ALL
SELECT place || '.iterations', 'a whole number from 1' FROM counted
 WHERE json_type(body, '$.iterations') IS NOT 'integer' OR body ->> '$.iterations' < 1
UNION ALL
SELECT place || '.time_unit', 'ns, us, ms or s' FROM counted
 WHERE coalesce(body ->> '$.time_unit', 'ns') NOT IN ('ns', 'us', 'ms', 's')
UNION ALL
SELECT place || '.real_time', 'the time of one iteration, a number from 0' FROM counted
 WHERE coalesce(json_type(body, '$.real_time'), 'null') NOT IN ('integer', 'real') OR body ->> '$.real_time' < 0
UNION ALL
SELECT place || '.cpu_time', 'the time of one iteration, a number from 0' FROM counted
 WHERE coalesce(json_type(body, '$.cpu_time'), 'null') NOT IN ('integer', 'real') OR body ->> '$.cpu_time' < 0
UNION ALL
SELECT e.place || '.real_time', 'a time that with all iterations is below 1e9 seconds'
  FROM timing AS t JOIN counted AS e ON e.position = t.origin WHERE t.wall_ns NOT BETWEEN 0 AND 1000000000000000000;

CREATE TEMP VIEW subject AS
SELECT e.position, e.body ->> '$.name' AS name,
       json_patch('{}', json_object('tool', 'Google Benchmark', 'program', p.program)) AS parameters
  FROM entry AS e,
       -- the name of the executable without its folder
       (SELECT replace(path, rtrim(path, replace(path, '/', '')), '') AS program
          FROM (SELECT body ->> '$.context.executable' AS path FROM incoming)) AS p
 WHERE e.position IN (SELECT position FROM timing);

CREATE TEMP VIEW header AS
SELECT 'Google Benchmark' || coalesce(' ' || (c ->> '$.library_version'), '') AS tool, c ->> '$.date' AS started_at,
       c ->> '$.host_name' AS host, NULL AS commit_id, NULL AS branch, NULL AS dirty,
       c ->> '$.load_avg[0]' AS load_before, NULL AS processor, max(c ->> '$.num_cpus', 0) AS processors,
       NULL AS architecture, NULL AS kernel, NULL AS compiler, c ->> '$.library_build_type' AS flags,
       json_object('context', json(c), 'benchmarks', (SELECT json_group_array(json(body)) FROM entry)) AS rest
  FROM (SELECT body -> '$.context' AS c FROM incoming);
