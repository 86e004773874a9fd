-- The suite that pyperf writes: { version, metadata, benchmarks: [ { metadata: { name, unit, loops, ... }, runs: [ { values:
-- [one execution each], warmups, metadata } ] } ] }. What all runs have in common is in the metadata of the benchmark, and
-- what all benchmarks have, in those of the whole. Runs without values only warmed up, or found how many loops it takes.
INSERT INTO entry
SELECT b.key, b.fullkey,
       json_set(iif(b.type = 'object', b.value, '{}'), '$.metadata',
                json_patch(coalesce(i.body -> '$.metadata', '{}'), coalesce(iif(b.type = 'object', b.value, '{}') -> '$.metadata', '{}')))
  FROM incoming AS i, json_each(i.body, '$.benchmarks') AS b;

CREATE TEMP VIEW reported AS
SELECT e.position, e.path, e.body, e.body ->> '$.metadata.name' AS name, coalesce(e.body ->> '$.metadata.unit', 'second') AS unit FROM entry AS e;

CREATE TEMP VIEW counted AS
SELECT position, r.path || '.runs[' || run || '].values[' || v.key || ']' AS path, unit, v.value, v.type,
       row_number() OVER (PARTITION BY position ORDER BY run, v.key) - 1 AS sequence,
       coalesce(body ->> '$.metadata.loops', common ->> '$.loops', 1)
         * coalesce(body ->> '$.metadata.inner_loops', common ->> '$.inner_loops', 1) AS loops,
       coalesce(body ->> '$.metadata.mem_max_rss', common ->> '$.mem_max_rss') AS memory
  FROM (SELECT e.position, e.path, e.unit, e.body -> '$.metadata' AS common, r.key AS run, iif(r.type = 'object', r.value, '{}') AS body
          FROM reported AS e, json_each(e.body, '$.runs') AS r) AS r,
       json_each(r.body, '$.values') AS v;

CREATE TEMP VIEW timing AS
SELECT position, sequence, iif(unit = 'second', loops, 1) AS loops,
       iif(unit = 'second', CAST(round(value * loops * 1e9) AS INTEGER), 0) AS wall_ns, NULL AS user_ns, NULL AS system_ns,
       CAST(iif(memory BETWEEN 1 AND 1e18, memory, NULL) AS INTEGER) / 1024 AS peak_memory_kib,
       iif(unit = 'second', NULL, CAST(value AS REAL)) AS value
  FROM counted WHERE position IN (SELECT position FROM taken);

CREATE TEMP VIEW summary AS
SELECT NULL AS position, NULL AS samples, NULL AS median, NULL AS mean, NULL AS deviation, NULL AS minimum, NULL AS p25,
       NULL AS p75, NULL AS maximum WHERE false;

CREATE TEMP VIEW problem AS
SELECT NULL AS position, '$.benchmarks' AS path, 'at least one benchmark' AS expected WHERE NOT EXISTS (SELECT 1 FROM entry)
UNION ALL
SELECT position, path || '.metadata.name', 'a text' FROM reported WHERE json_type(body, '$.metadata.name') IS NOT 'text'
UNION ALL
SELECT position, path || '.metadata.unit', 'second, byte or integer' FROM reported WHERE unit NOT IN ('second', 'byte', 'integer')
UNION ALL
SELECT position, path || '.runs', 'a run with values' FROM reported WHERE position NOT IN (SELECT position FROM counted)
UNION ALL
SELECT position, path, iif(unit = 'second', 'seconds, from 0', 'a number') FROM counted
 WHERE type NOT IN ('integer', 'real') OR unit = 'second' AND value < 0
UNION ALL
SELECT position, path, 'a run with a whole number of loops, from 1, and less than 1e9 seconds' FROM counted
 WHERE typeof(loops) <> 'integer' OR loops NOT BETWEEN 1 AND 1e15 OR unit = 'second' AND value * loops > 1e9;

CREATE TEMP VIEW subject AS
SELECT position, without_addresses(name) AS name,
       json_patch('{}', json_object('tool', 'pyperf', 'metric', CASE unit WHEN 'byte' THEN 'memory' WHEN 'integer' THEN 'value' END,
                                    'unit', CASE unit WHEN 'byte' THEN 'B' END)) AS parameters
  FROM reported WHERE position IN (SELECT position FROM taken);

-- The run: the metadata in common, else those of the first benchmark or the first run.
CREATE TEMP VIEW header AS
SELECT 'pyperf' || coalesce(' ' || (m ->> '$.perf_version'), '') AS tool,
       (SELECT min(d) FROM (SELECT iif(r.type = 'object', r.value, '{}') ->> '$.metadata.date' AS d
                              FROM entry AS e, json_each(e.body, '$.runs') AS r)) AS started_at,
       nullif(m ->> '$.hostname', '') AS host, m ->> '$.commit_id' AS commit_id, m ->> '$.commit_branch' AS branch, NULL AS dirty,
       m ->> '$.load_avg_1min' AS load_before, nullif(m ->> '$.cpu_model_name', '') AS processor, m ->> '$.cpu_count' AS processors,
       CASE WHEN p LIKE '%x86_64%' OR p LIKE '%amd64%' THEN 'x86_64' WHEN p LIKE '%aarch64%' OR p LIKE '%arm64%' THEN 'aarch64' END AS architecture,
       -- of Linux-6.1.0-13-amd64-x86_64-with: 'Linux 6.1'
       substr(p, 1, instr(p, '-') - 1) || ' ' || substr(r, 1, instr(r, '.') + instr(replace(substr(r, instr(r, '.') + 1), '-', '.') || '.', '.') - 1) AS kernel,
       m ->> '$.python_compiler' AS compiler,
       (m ->> '$.python_implementation') || ' ' || substr(v, 1, instr(v || ' ', ' ') - 1) AS flags,
       json_object('metadata', json(m), 'version', body -> '$.version',
                   'benchmarks', (SELECT json_group_array(json(e.body -> '$.metadata')) FROM entry AS e)) AS rest
  FROM (SELECT *, m ->> '$.platform' AS p, m ->> '$.python_version' AS v,
               substr(m ->> '$.platform', instr(m ->> '$.platform', '-') + 1) AS r
          FROM (SELECT i.body, json_patch(json_patch(coalesce((SELECT iif(r.type = 'object', r.value, '{}') -> '$.metadata'
                                                        FROM entry AS e, json_each(e.body, '$.runs') AS r
                                                       WHERE e.position = 0 ORDER BY r.key DESC LIMIT 1), '{}'),
                                                     coalesce((SELECT e.body -> '$.metadata' FROM entry AS e WHERE e.position = 0), '{}')),
                                          coalesce(i.body -> '$.metadata', '{}')) AS m
                  FROM incoming AS i));
