-- The result of `hyperfine --export-json`: { results: [ { command, times: [seconds], memory_usage_byte: [bytes],
-- parameters: { name: value }, exit_codes, mean, ... } ] }; 0 bytes are unknown. The file says nothing of the machine, and no date. A run whose
-- exit code is not 0, or null, which a signal leaves, is no sample.
INSERT INTO entry
SELECT r.key, r.fullkey, iif(r.type = 'object', r.value, '{}')
  FROM incoming AS i, json_each(i.body, '$.results') AS r;

CREATE TEMP VIEW counted AS
SELECT e.position, e.path, t.key AS number, t.value AS seconds, t.type,
       i.ignore_failure OR coalesce(json_type(e.body, '$.exit_codes[' || t.key || ']'), 'none') = 'none'
         OR json_extract(e.body, '$.exit_codes[' || t.key || ']') IS 0 AS succeeded,
       nullif(json_extract(e.body, '$.memory_usage_byte[' || t.key || ']'), 0) / 1024 AS peak_memory_kib
  FROM incoming AS i, entry AS e, json_each(e.body, '$.times') AS t;

CREATE TEMP VIEW timing AS
SELECT position, number AS sequence, 1 AS loops, CAST(round(seconds * 1e9) AS INTEGER) AS wall_ns,
       NULL AS user_ns, NULL AS system_ns, peak_memory_kib, NULL AS value
  FROM counted WHERE succeeded AND position IN (SELECT position FROM taken);

CREATE TEMP VIEW summary AS
SELECT NULL AS position, NULL AS samples, NULL AS median, NULL AS mean, NULL AS deviation, NULL AS minimum, NULL AS p25,
       NULL AS p75, NULL AS maximum WHERE false;

CREATE TEMP VIEW problem AS
SELECT position, path || '.command' AS path, 'a text' AS expected
  FROM entry WHERE json_type(body, '$.command') IS NOT 'text'
UNION ALL
SELECT position, path || '.times', 'an array of seconds, one for each run, as hyperfine --export-json writes it'
  FROM entry WHERE json_type(body, '$.times') IS NOT 'array' OR json_array_length(body, '$.times') = 0
UNION ALL
SELECT position, path || '.times[' || number || ']', 'seconds, from 0 to 1e9'
  FROM counted WHERE type NOT IN ('integer', 'real') OR seconds NOT BETWEEN 0 AND 1e9
UNION ALL
SELECT e.position, e.path || '.memory_usage_byte[' || t.key || ']', 'a whole number of bytes'
  FROM entry AS e, json_each(e.body, '$.memory_usage_byte') AS t WHERE t.type NOT IN ('integer', 'null')
UNION ALL
SELECT position, path || '.exit_codes', 'a run that succeeded, but all ' || count(*) || ' failed (--ignore-failure takes them)'
  FROM counted GROUP BY position HAVING NOT max(succeeded);

INSERT INTO left_out(file, timings, path, reason)
SELECT i.file, sum(NOT succeeded), path, 'the command failed'
  FROM incoming AS i, counted GROUP BY position HAVING sum(succeeded) BETWEEN 1 AND count(*) - 1;

-- A parameter that the command does not show, as one with a name of its own, is shown beside it.
CREATE TEMP VIEW subject AS
SELECT position,
       (body ->> '$.command')
         || coalesce((SELECT ' (' || group_concat(key || '=' || atom, ', ') || ')' FROM json_each(body, '$.parameters')
                       WHERE instr(body ->> '$.command', atom) = 0), '') AS name,
       json_patch('{}', json_object('tool', 'hyperfine', 'parameters', json(body -> '$.parameters'))) AS parameters
  FROM taken;

CREATE TEMP VIEW header AS
SELECT 'hyperfine' AS tool, NULL AS started_at, NULL AS host, NULL AS commit_id, NULL AS branch, NULL AS dirty,
       NULL AS load_before, NULL AS processor, NULL AS processors, NULL AS architecture, NULL AS kernel,
       NULL AS compiler, NULL AS flags,
       (SELECT json_group_array(json(json_remove(body, '$.times', '$.memory_usage_byte'))) FROM entry) AS rest;
