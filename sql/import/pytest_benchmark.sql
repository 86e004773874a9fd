-- The result of `pytest --benchmark-json`, or of --benchmark-save with --benchmark-save-data: { machine_info,
-- commit_info, datetime, version, benchmarks: [ { fullname, params, stats: { data: [seconds of one iteration],
-- iterations, ... } } ] }.
INSERT INTO entry
SELECT b.key, b.fullkey, iif(b.type = 'object', b.value, '{}')
  FROM incoming AS i, json_each(i.body, '$.benchmarks') AS b;

CREATE TEMP VIEW timing AS
SELECT e.position, t.key AS sequence, e.body ->> '$.stats.iterations' AS loops,
       CAST(round(t.value * (e.body ->> '$.stats.iterations') * 1e9) AS INTEGER) AS wall_ns,
       NULL AS user_ns, NULL AS system_ns, NULL AS peak_memory_kib, e.position AS origin
  FROM entry AS e, json_each(e.body, '$.stats.data') AS t;

CREATE TEMP VIEW problem AS
SELECT '$.benchmarks' AS place, 'at least one benchmark' AS expected WHERE NOT EXISTS (SELECT 1 FROM entry)
UNION ALL
SELECT place || '.fullname', 'a text' FROM entry WHERE json_type(body, '$.fullname') IS NOT 'text'
UNION ALL
SELECT place || '.stats.data', 'every timing, which --benchmark-json writes, and --benchmark-save with --benchmark-save-data'
  FROM entry WHERE json_type(body, '$.stats.data') IS NOT 'array' OR json_array_length(body, '$.stats.data') = 0
UNION ALL
SELECT place || '.stats.iterations', 'a whole number from 1' FROM entry
 WHERE json_type(body, '$.stats.iterations') IS NOT 'integer' OR body ->> '$.stats.iterations' < 1
UNION ALL
SELECT e.place || '.stats.data[' || t.key || ']', 'seconds, from 0, and with all iterations below 1e9'
  FROM entry AS e, json_each(e.body, '$.stats.data') AS t
 WHERE t.type NOT IN ('integer', 'real') OR t.value * (e.body ->> '$.stats.iterations') NOT BETWEEN 0 AND 1e9;

CREATE TEMP VIEW subject AS
SELECT position, body ->> '$.fullname' AS name,
       json_patch('{}', json_object('tool', 'pytest-benchmark', 'parameters', json(body -> '$.params')))
         AS parameters
  FROM entry;

CREATE TEMP VIEW header AS
SELECT 'pytest-benchmark' || coalesce(' ' || (body ->> '$.version'), '') AS tool, body ->> '$.datetime' AS started_at,
       m ->> '$.node' AS host, nullif(c ->> '$.id', 'unversioned') AS commit_id,
       nullif(c ->> '$.branch', '(unknown)') AS branch, c ->> '$.dirty' AS dirty, NULL AS load_before,
       coalesce(m ->> '$.cpu.brand_raw', m ->> '$.cpu.brand', nullif(m ->> '$.processor', '')) AS processor,
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
