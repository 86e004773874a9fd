-- A file of asv's results, of one commit in one environment, alone or with what folder.sql puts beside it: { asv: the file, machine:
-- machine.json, units: { benchmark: unit } from benchmarks.json }. Version 2 has { commit_hash, date, env_name, params, result_columns:
-- [column], results: { benchmark: [in the order of the columns] } }; version 1 has results: { benchmark: figure | { result, params,
-- stats, samples } }. Of a benchmark with parameters, the results are in the order of the product of their values; each is a
-- benchmark here. Figures are medians, of which asv keeps the samples only with --record-samples.
INSERT INTO entry
WITH file AS MATERIALIZED (
  SELECT coalesce(body -> '$.asv', body) AS body, body -> '$.units' AS units FROM incoming
), cell AS MATERIALIZED (
  -- columns of version 2
  SELECT r.key AS benchmark, r.fullkey AS path, c.atom AS name, iif(v.type IN ('array', 'object'), v.value, json_array(json_extract(r.value, v.fullkey))) AS value
    FROM file, json_each(body, '$.results') AS r, json_each(body, '$.result_columns') AS c
    JOIN json_each(iif(r.type = 'array', r.value, '[]')) AS v ON v.key = c.key
   WHERE r.type = 'array' AND (v.type <> 'null' OR c.atom = 'result')
), result AS MATERIALIZED (
  SELECT benchmark, path, max(value) FILTER (WHERE name = 'result') AS result, max(value) FILTER (WHERE name = 'params') AS params,
         max(value) FILTER (WHERE name = 'samples') AS samples, max(value) FILTER (WHERE name = 'stats_number') AS number,
         max(value) FILTER (WHERE name = 'stats_repeat') AS repeat, max(value) FILTER (WHERE name = 'stats_q_25') AS q_25,
         max(value) FILTER (WHERE name = 'stats_q_75') AS q_75, NULL AS stats
    FROM cell GROUP BY benchmark
  UNION ALL
  SELECT key, fullkey, iif(coalesce(json_type(body, '$.result'), 'none') = 'array', body -> '$.result', json_array(body -> '$.result')),
         body -> '$.params', body -> '$.samples', NULL, NULL, NULL, NULL,
         iif(json_type(body, '$.stats') = 'array', body -> '$.stats', json_array(body -> '$.stats'))
    FROM (SELECT r.key, r.fullkey, iif(r.type = 'object', r.value, json_object('result', r.atom)) AS body
            FROM file, json_each(body, '$.results') AS r WHERE r.type <> 'array')
), combination(benchmark, depth, number, text) AS (
  SELECT benchmark, 0, 0, '' FROM result
  UNION ALL
  SELECT c.benchmark, depth + 1, c.number * json_array_length(iif(p.type = 'array', p.value, '[]')) + v.key, text || iif(depth, ', ', '') || coalesce(v.atom, v.value)
    FROM combination AS c JOIN result AS r USING (benchmark)
    JOIN json_each(r.params) AS p ON p.key = c.depth, json_each(iif(p.type = 'array', p.value, '[]')) AS v
   WHERE depth < 20 AND c.number * json_array_length(iif(p.type = 'array', p.value, '[]')) + v.key < json_array_length(r.result)
), named AS MATERIALIZED (
  SELECT c.benchmark, c.number, iif(depth, '(' || text || ')', '') AS text FROM combination AS c JOIN result AS r USING (benchmark)
   WHERE depth = min(20, coalesce(json_array_length(r.params), 0))
), unit AS MATERIALIZED (
  SELECT key AS benchmark, atom AS unit FROM file, json_each(units)
)
SELECT row_number() OVER (ORDER BY r.benchmark, v.key) - 1, r.path || iif(json_array_length(r.result) > 1, '[' || v.key || ']', ''),
       json_object('name', r.benchmark || coalesce(n.text, iif(json_array_length(r.result) > 1, '[' || v.key || ']', '')), 'unit',
                   coalesce(u.unit, CASE WHEN leaf GLOB 'time_*' OR leaf GLOB 'timeraw_*' THEN 'seconds'
                                         WHEN leaf GLOB 'mem_*' OR leaf GLOB 'peakmem_*' THEN 'bytes' ELSE 'unit' END),
                   'result', json(r.result -> ('$[' || v.key || ']')), 'samples', json(r.samples -> ('$[' || v.key || ']')),
                   'number', coalesce(r.number -> ('$[' || v.key || ']'), r.stats -> ('$[' || v.key || '].number')),
                   'repeat', coalesce(r.repeat -> ('$[' || v.key || ']'), r.stats -> ('$[' || v.key || '].repeat'), r.stats -> ('$[' || v.key || '].n')),
                   'q_25', coalesce(r.q_25 -> ('$[' || v.key || ']'), r.stats -> ('$[' || v.key || '].q_25')),
                   'q_75', coalesce(r.q_75 -> ('$[' || v.key || ']'), r.stats -> ('$[' || v.key || '].q_75')))
  FROM (SELECT *, replace(benchmark, rtrim(benchmark, replace(benchmark, '.', '')), '') AS leaf FROM result) AS r
  JOIN json_each(r.result) AS v LEFT JOIN named AS n ON n.benchmark = r.benchmark AND n.number = v.key
  LEFT JOIN unit AS u ON u.benchmark = r.benchmark
 ORDER BY r.benchmark, v.key;

CREATE TEMP VIEW reported AS
SELECT position, path, body, body ->> '$.unit' AS unit, body ->> '$.unit' IS 'seconds' AS is_time FROM entry;

CREATE TEMP VIEW counted AS
SELECT r.position, r.path, r.is_time, s.key AS sequence, s.value, s.type, coalesce(r.body ->> '$.number', 1) AS loops
  FROM reported AS r, json_each(iif(json_type(r.body, '$.samples') = 'array', r.body -> '$.samples', '[]')) AS s;

CREATE TEMP VIEW timing AS
SELECT position, sequence, iif(is_time, CAST(loops AS INTEGER), 1) AS loops, iif(is_time, CAST(round(value * loops * 1e9) AS INTEGER), 0) AS wall_ns,
       NULL AS user_ns, NULL AS system_ns, NULL AS peak_memory_kib, iif(is_time, NULL, CAST(value AS REAL)) AS value
  FROM counted WHERE position IN (SELECT position FROM taken);

CREATE TEMP VIEW summary AS
SELECT position, CAST(max(1, coalesce(body ->> '$.repeat', 1)) AS INTEGER) AS samples, body ->> '$.result' AS median, NULL AS mean, NULL AS deviation, NULL AS minimum,
       body ->> '$.q_25' AS p25, body ->> '$.q_75' AS p75, NULL AS maximum
  FROM taken WHERE position NOT IN (SELECT position FROM counted);

CREATE TEMP VIEW problem AS
SELECT NULL AS position, '$.results' AS path, 'at least one result' AS expected WHERE NOT EXISTS (SELECT 1 FROM entry)
UNION ALL
SELECT position, path, 'a benchmark that ran: it failed, or was skipped' FROM reported WHERE coalesce(json_type(body, '$.result'), 'null') = 'null'
UNION ALL
SELECT position, path, iif(is_time, 'seconds, from 0 to 1e9', 'a number') FROM reported
 WHERE json_type(body, '$.result') NOT IN ('null', 'integer', 'real') OR is_time AND body ->> '$.result' NOT BETWEEN 0 AND 1e9
UNION ALL
SELECT position, path, 'samples that are ' || iif(is_time, 'seconds, from 0, and with all loops below 1e9', 'numbers') FROM counted
 WHERE type NOT IN ('integer', 'real') OR is_time AND value * loops NOT BETWEEN 0 AND 1e9
    OR typeof(loops) NOT IN ('integer', 'real') OR loops NOT BETWEEN 1 AND 1e15
UNION ALL
SELECT position, path, 'numbers as repeat, q_25 and q_75' FROM reported
 WHERE EXISTS (SELECT 1 FROM json_each(body) AS b WHERE b.key IN ('repeat', 'q_25', 'q_75') AND b.type NOT IN ('null', 'integer', 'real'))
    OR body ->> '$.repeat' > 1e15;

CREATE TEMP VIEW subject AS
SELECT position, without_addresses(body ->> '$.name') AS name,
       json_patch('{}', json_object('tool', 'asv', 'metric', CASE unit WHEN 'seconds' THEN NULL WHEN 'bytes' THEN 'memory' ELSE 'value' END,
                                    'unit', CASE unit WHEN 'seconds' THEN NULL WHEN 'bytes' THEN 'B' WHEN 'unit' THEN NULL ELSE unit END)) AS parameters
  FROM reported WHERE position IN (SELECT position FROM taken);

-- The date is that of the newest result, or of the commit where the file has none of its own; in milliseconds. An
-- environment of other versions is another machine.
CREATE TEMP VIEW header AS
SELECT 'asv' AS tool,
       strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(
         (SELECT max(iif(r.type = 'array', r.value, '[]') ->> ('$[' || c.key || ']'))
            FROM json_each(f, '$.results') AS r, json_each(f, '$.result_columns') AS c WHERE c.atom = 'started_at' AND r.type = 'array'),
         (SELECT max(atom) FROM json_each(f, '$.started_at') WHERE type IN ('integer', 'real')),
         f ->> '$.date') / 1000.0, 'unixepoch') AS started_at,
       nullif(coalesce(f ->> '$.params.machine', m ->> '$.machine'), '') AS host, f ->> '$.commit_hash' AS commit_id, NULL AS branch, NULL AS dirty,
       NULL AS load_before, nullif(coalesce(f ->> '$.params.cpu', m ->> '$.cpu'), '') AS processor,
       coalesce(f ->> '$.params.num_cpu', m ->> '$.num_cpu') AS processors, nullif(coalesce(f ->> '$.params.arch', m ->> '$.arch'), '') AS architecture,
       -- of Linux its major and minor version alone
       CASE WHEN os GLOB 'Linux [0-9]*.[0-9]*' THEN substr(os, 1, instr(os, '.') + instr(replace(substr(os, instr(os, '.') + 1), '-', '.') || '.', '.') - 1)
            ELSE nullif(os, '') END AS kernel, NULL AS compiler,
       coalesce(f ->> '$.env_name', 'Python ' || (f ->> '$.python')) AS flags,
       json_object('params', f -> '$.params', 'requirements', f -> '$.requirements', 'env_vars', f -> '$.env_vars',
                   'benchmarks', (SELECT json_group_array(json(json_remove(body, '$.samples'))) FROM entry)) AS rest
  FROM (SELECT *, coalesce(f ->> '$.params.os', m ->> '$.os') AS os
          FROM (SELECT coalesce(body -> '$.asv', body) AS f, coalesce(body -> '$.machine', '{}') AS m FROM incoming));
