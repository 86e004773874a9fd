-- The folder target/criterion, as folder.sql makes one text of it: { criterion: [ { folder, benchmark: benchmark.json, sample:
-- sample.json, estimates: estimates.json } ] }, of each folder `new`. sample.json has the times, in ns, of so many iterations:
-- { iters: [], times: [] }; where it is missing, the estimates are a summary.
INSERT INTO entry
SELECT b.key, coalesce(iif(b.type = 'object', b.value, '{}') ->> '$.folder', b.fullkey), iif(b.type = 'object', b.value, '{}')
  FROM incoming AS i, json_each(i.body, '$.criterion') AS b;

-- Older versions leave parts of the name, or all of benchmark.json, out: then the folders are the name.
CREATE TEMP VIEW reported AS
SELECT position, path, body,
       coalesce(body ->> '$.benchmark.full_id',
                (body ->> '$.benchmark.group_id') || coalesce('/' || (body ->> '$.benchmark.function_id'), '')
                  || coalesce('/' || (body ->> '$.benchmark.value_str'), ''), body ->> '$.folder') AS name
  FROM entry;

CREATE TEMP VIEW counted AS
SELECT e.position, e.path || '/sample.json: times[' || t.key || ']' AS path, t.key AS sequence, t.value AS ns, t.type, n.value AS loops, n.type AS loops_type
  FROM entry AS e, json_each(e.body, '$.sample.times') AS t LEFT JOIN json_each(e.body, '$.sample.iters') AS n ON n.key = t.key;

CREATE TEMP VIEW timing AS
SELECT position, sequence, CAST(loops AS INTEGER) AS loops, CAST(round(ns) AS INTEGER) AS wall_ns, NULL AS user_ns, NULL AS system_ns,
       NULL AS peak_memory_kib, NULL AS value
  FROM counted WHERE position IN (SELECT position FROM taken);

CREATE TEMP VIEW summary AS
SELECT position, 1 AS samples, body ->> '$.estimates.median.point_estimate' / 1e9 AS median,
       body ->> '$.estimates.mean.point_estimate' / 1e9 AS mean, body ->> '$.estimates.std_dev.point_estimate' / 1e9 AS deviation,
       NULL AS minimum, NULL AS p25, NULL AS p75, NULL AS maximum
  FROM taken WHERE json_type(body, '$.sample') IS NOT 'object';

CREATE TEMP VIEW problem AS
SELECT NULL AS position, '$.criterion' AS path, 'at least one benchmark' AS expected WHERE NOT EXISTS (SELECT 1 FROM entry)
UNION ALL
SELECT position, path, 'a benchmark with a name' FROM reported WHERE coalesce(name, '') = '' OR typeof(name) <> 'text'
UNION ALL
SELECT position, path || '/sample.json', 'as many times as iters, and at least one' FROM entry
 WHERE json_type(body, '$.sample') = 'object'
   AND NOT (json_type(body, '$.sample.times') IS 'array' AND json_type(body, '$.sample.iters') IS 'array'
            AND json_array_length(body, '$.sample.times') = json_array_length(body, '$.sample.iters')
            AND json_array_length(body, '$.sample.times') > 0)
UNION ALL
SELECT position, path, 'nanoseconds, from 0 to 1e18, of iterations from 1' FROM counted
 WHERE type NOT IN ('integer', 'real') OR ns NOT BETWEEN 0 AND 1e18
    OR coalesce(loops_type, 'null') NOT IN ('integer', 'real') OR loops NOT BETWEEN 1 AND 1e15
UNION ALL
SELECT position, path || '/estimates.json', 'sample.json, or else a median in nanoseconds' FROM entry
 WHERE json_type(body, '$.sample') IS NOT 'object'
   AND (coalesce(json_type(body, '$.estimates.median.point_estimate'), 'null') NOT IN ('integer', 'real')
        OR body ->> '$.estimates.median.point_estimate' NOT BETWEEN 0 AND 1e18);

CREATE TEMP VIEW subject AS
SELECT position, name, json_object('tool', 'criterion') AS parameters FROM reported WHERE position IN (SELECT position FROM taken);

CREATE TEMP VIEW header AS
SELECT 'criterion' AS tool, NULL AS started_at, NULL AS host, NULL AS commit_id, NULL AS branch, NULL AS dirty, NULL AS load_before,
       NULL AS processor, NULL AS processors, NULL AS architecture, NULL AS kernel, NULL AS compiler, NULL AS flags,
       (SELECT json_group_array(json(json_remove(body, '$.sample'))) FROM entry) AS rest;
