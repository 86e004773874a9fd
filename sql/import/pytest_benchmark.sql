-- The result of `pytest --benchmark-json`, or of --benchmark-save: { machine_info, commit_info, datetime, version,
-- benchmarks: [ { fullname, params, stats: { data: [seconds of one iteration], iterations, ... } } ] }. Without
-- --benchmark-save-data the latter has no data, but only what pytest-benchmark made of them.
INSERT INTO entry
SELECT b.key, b.fullkey, iif(b.type = 'object', b.value, '{}')
  FROM incoming AS i, json_each(i.body, '$.benchmarks') AS b;

CREATE TEMP VIEW timing AS
SELECT e.position, t.key AS sequence, e.body ->> '$.stats.iterations' AS loops,
       CAST(round(t.value * (e.body ->> '$.stats.iterations') * 1e9) AS INTEGER) AS wall_ns,
       NULL AS user_ns, NULL AS system_ns, NULL AS peak_memory_kib, NULL AS value
  FROM taken AS e, json_each(e.body, '$.stats.data') AS t;

CREATE TEMP VIEW summary AS
SELECT position, max(1, coalesce(body ->> '$.stats.rounds', 1)) AS samples, body ->> '$.stats.median' AS median,
       body ->> '$.stats.mean' AS mean, body ->> '$.stats.stddev' AS deviation, body ->> '$.stats.min' AS minimum,
       body ->> '$.stats.q1' AS p25, body ->> '$.stats.q3' AS p75, body ->> '$.stats.max' AS maximum
  FROM taken WHERE json_type(body, '$.stats.data') IS NULL;

CREATE TEMP VIEW problem AS
SELECT NULL AS position, '$.benchmarks' AS path, 'at least one benchmark' AS expected WHERE NOT EXISTS (SELECT 1 FROM entry)
UNION ALL
SELECT position, path || '.fullname', 'a text' FROM entry WHERE json_type(body, '$.fullname') IS NOT 'text'
UNION ALL
SELECT position, path || '.stats.data', 'an array of every timing, or none and a median' FROM entry
 WHERE CASE coalesce(json_type(body, '$.stats.data'), 'none')
       WHEN 'array' THEN json_array_length(body, '$.stats.data') = 0
       WHEN 'none' THEN coalesce(json_type(body, '$.stats.median'), 'none') NOT IN ('integer', 'real') ELSE true END
UNION ALL
SELECT position, path || '.stats.iterations', 'a whole number from 1' FROM entry
 WHERE json_type(body, '$.stats.data') IS NOT NULL
   AND (json_type(body, '$.stats.iterations') IS NOT 'integer' OR body ->> '$.stats.iterations' < 1)
UNION ALL
SELECT e.position, e.path || '.stats.data[' || t.key || ']', 'seconds, from 0, and with all iterations below 1e9'
  FROM entry AS e, json_each(e.body, '$.stats.data') AS t
 WHERE t.type NOT IN ('integer', 'real') OR t.value * (e.body ->> '$.stats.iterations') NOT BETWEEN 0 AND 1e9
UNION ALL
SELECT e.position, e.path || '.stats.' || t.key, 'seconds, from 0'
  FROM entry AS e, json_each(e.body, '$.stats') AS t
 WHERE json_type(e.body, '$.stats.data') IS NULL AND t.key IN ('median', 'mean', 'stddev', 'min', 'max', 'q1', 'q3')
   AND t.type <> 'null' AND (t.type NOT IN ('integer', 'real') OR t.value NOT BETWEEN 0 AND 1e9)
UNION ALL
SELECT position, path || '.stats.rounds', 'a whole number from 1' FROM entry
 WHERE json_type(body, '$.stats.data') IS NULL
   AND (coalesce(json_type(body, '$.stats.rounds'), 'integer') <> 'integer' OR body ->> '$.stats.rounds' < 1);

-- The address of an object of Python is another one in every run.
CREATE TEMP VIEW subject AS
SELECT position, without_addresses(body ->> '$.fullname') AS name,
       without_addresses(json_patch('{}', json_object('tool', 'pytest-benchmark', 'parameters', json(body -> '$.params'))))
         AS parameters
  FROM taken;

CREATE TEMP VIEW header AS
SELECT 'pytest-benchmark' || coalesce(' ' || (body ->> '$.version'), '') AS tool, body ->> '$.datetime' AS started_at,
       nullif(m ->> '$.node', '') AS host, nullif(c ->> '$.id', 'unversioned') AS commit_id,
       nullif(c ->> '$.branch', '(unknown)') AS branch, c ->> '$.dirty' AS dirty, NULL AS load_before,
       -- where the model is not known it is 'unknown', nothing, or the architecture alone
       (SELECT value FROM json_each(json_array(m ->> '$.cpu.brand_raw', m ->> '$.cpu.brand', m ->> '$.processor'))
         WHERE lower(value) NOT IN ('', 'unknown', lower(coalesce(m ->> '$.machine', ''))) ORDER BY key LIMIT 1) AS processor,
       m ->> '$.cpu.count' AS processors, m ->> '$.machine' AS architecture,
       -- major and minor alone: 'Linux 6.1'
       (m ->> '$.system') || coalesce(' ' || substr(r, 1, instr(r, '.') + instr(substr(r, instr(r, '.') + 1) || '.', '.') - 1),
                                      '') AS kernel,
       m ->> '$.python_compiler' AS compiler,
       (m ->> '$.python_implementation') || ' ' || (m ->> '$.python_version') AS flags,
       json_object('machine_info', json(m), 'commit_info', json(c),
                   'benchmarks', (SELECT json_group_array(json(json_remove(body, '$.stats.data'))) FROM entry)) AS rest
  FROM (SELECT body, body -> '$.machine_info' AS m, body -> '$.commit_info' AS c, body ->> '$.machine_info.release' AS r
          FROM incoming);
