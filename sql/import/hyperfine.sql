-- The result of `hyperfine --export-json`: { results: [ { command, times: [seconds], memory_usage_byte: [bytes],
-- parameters: { name: value }, exit_codes, mean, ... } ] }. It tells nothing of the machine, and no date.
INSERT INTO entry
SELECT r.key, r.fullkey, iif(r.type = 'object', r.value, '{}')
  FROM incoming AS i, json_each(i.body, '$.results') AS r;

CREATE TEMP VIEW timing AS
SELECT e.position, t.key AS sequence, 1 AS loops, CAST(round(t.value * 1e9) AS INTEGER) AS wall_ns,
       NULL AS user_ns, NULL AS system_ns,
       json_extract(e.body, '$.memory_usage_byte[' || t.key || ']') / 1024 AS peak_memory_kib, e.position AS origin
  FROM entry AS e, json_each(e.body, '$.times') AS t;

CREATE TEMP VIEW problem AS
SELECT place || '.command' AS place, 'a text' AS expected FROM entry WHERE json_type(body, '$.command') IS NOT 'text'
UNION ALL
SELECT place || '.times', 'an array of seconds, one for each run, as hyperfine --export-json writes it'
  FROM entry WHERE json_type(body, '$.times') IS NOT 'array' OR json_array_length(body, '$.times') = 0
UNION ALL
SELECT e.place || '.times[' || t.key || ']', 'seconds, from 0 to 1e9'
  FROM entry AS e, json_each(e.body, '$.times') AS t
 WHERE t.type NOT IN ('integer', 'real') OR t.value NOT BETWEEN 0 AND 1e9
UNION ALL
SELECT e.place || '.memory_usage_byte[' || t.key || ']', 'a whole number of bytes'
  FROM entry AS e, json_each(e.body, '$.memory_usage_byte') AS t WHERE t.type NOT IN ('integer', 'null');

CREATE TEMP VIEW subject AS
SELECT position, body ->> '$.command' AS name,
       json_patch('{}', json_object('tool', 'hyperfine', 'parameters', json(body -> '$.parameters'))) AS parameters
  FROM entry;

CREATE TEMP VIEW header AS
SELECT 'hyperfine' AS tool, NULL AS started_at, NULL AS host, NULL AS commit_id, NULL AS branch, NULL AS dirty,
       NULL AS load_before, NULL AS processor, NULL AS processors, NULL AS architecture, NULL AS kernel,
       NULL AS compiler, NULL AS flags,
       (SELECT json_group_array(json(json_remove(body, '$.times', '$.memory_usage_byte'))) FROM entry) AS rest;
