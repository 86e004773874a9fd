-- The text that `go test -bench` prints, as cli/history/go_text makes JSON of it: { go: [ { line, name, iterations, values: [[number,
-- unit]] } | { line, name } for a result that is none | { config: { key: value } } for the results after it | { unit, better } ] }.
-- Each value is a benchmark here: ns/op a time, all else a metric. Lines of one name are repetitions, where their packages,
-- and what else of the configuration changes within the file, are the same.
INSERT INTO entry
WITH element AS MATERIALIZED (
  SELECT key, iif(type = 'object', value, '{}') AS body, max(iif(type = 'object' AND json_type(iif(type = 'object', value, '{}'), '$.config') = 'object', key, NULL)) OVER (ORDER BY key) AS config
    FROM incoming AS i, json_each(i.body, '$.go')
), setting AS MATERIALIZED (
  SELECT e.key AS config, s.key, s.atom FROM element AS e, json_each(e.body, '$.config') AS s WHERE e.config = e.key
), changing AS MATERIALIZED (
  SELECT key FROM setting GROUP BY key
  HAVING key <> 'pkg' AND (count(DISTINCT atom) > 1 OR count(*) < (SELECT count(DISTINCT config) FROM setting))
), shown AS MATERIALIZED (
  SELECT config, json_group_object(key, atom) AS settings FROM setting WHERE key IN (SELECT key FROM changing) GROUP BY config
), result AS MATERIALIZED (
  SELECT e.key, e.body, s.settings, p.atom AS package
    FROM element AS e LEFT JOIN shown AS s USING (config) LEFT JOIN setting AS p ON p.config = e.config AND p.key = 'pkg'
   WHERE json_type(e.body, '$.name') = 'text'
), figure AS (
  SELECT r.*, v.key AS number, iif(v.type = 'array', v.value, '[]') AS pair FROM result AS r, json_each(r.body, '$.values') AS v
  UNION ALL
  SELECT r.*, 0, NULL FROM result AS r WHERE json_type(r.body, '$.values') IS NOT 'array'
)
SELECT row_number() OVER (ORDER BY key, number) - 1, 'line ' || coalesce(body ->> '$.line', 0),
       json_object('name', body ->> '$.name', 'iterations', body -> '$.iterations', 'package', package, 'settings', json(settings),
                   'value', pair -> '$[0]', 'unit', pair ->> '$[1]', 'line', body -> '$.line',
                   'ns', (SELECT v.value ->> '$[0]' FROM json_each(body, '$.values') AS v
                           WHERE v.type = 'array' AND iif(v.type = 'array', v.value, '[]') ->> '$[1]' = 'ns/op' LIMIT 1))
  FROM figure ORDER BY key, number;

CREATE TEMP VIEW counted AS
SELECT position, path, body, body ->> '$.name' AS name, body ->> '$.unit' AS unit, body ->> '$.iterations' AS loops,
       body ->> '$.value' AS value, body ->> '$.ns' AS ns, body ->> '$.package' AS package, body ->> '$.settings' AS settings
  FROM entry;

CREATE TEMP VIEW timing AS
SELECT min(position) OVER subject AS position, row_number() OVER (subject ORDER BY position) - 1 AS sequence, loops,
       coalesce(CAST(round(iif(ns * loops BETWEEN 0 AND 1e18, ns * loops, NULL)) AS INTEGER), 0) AS wall_ns, NULL AS user_ns, NULL AS system_ns,
       NULL AS peak_memory_kib, iif(unit = 'ns/op', NULL, CAST(value AS REAL)) AS value
  FROM counted WHERE position IN (SELECT position FROM taken)
WINDOW subject AS (PARTITION BY name, package, settings, unit);

CREATE TEMP VIEW summary AS
SELECT NULL AS position, NULL AS samples, NULL AS median, NULL AS mean, NULL AS deviation, NULL AS minimum, NULL AS p25,
       NULL AS p75, NULL AS maximum WHERE false;

CREATE TEMP VIEW problem AS
SELECT NULL AS position, 'lines' AS path, 'at least one result' AS expected WHERE NOT EXISTS (SELECT 1 FROM entry)
UNION ALL
SELECT position, path, 'a result: BenchmarkName, iterations, then numbers and their units' FROM counted
 WHERE json_type(body, '$.iterations') IS NOT 'integer' OR unit IS NULL OR name = ''
UNION ALL
SELECT position, path, 'at least one iteration, and a number of ' || unit FROM counted
 WHERE loops < 1 OR coalesce(json_type(body, '$.value'), 'null') NOT IN ('integer', 'real')
UNION ALL
SELECT position, path, 'a time from 0 that with all iterations is below 1e9 seconds' FROM counted
 WHERE unit = 'ns/op' AND value * loops NOT BETWEEN 0 AND 1e18;

-- The name as Go qualifies it, with the last part of its package's path.
CREATE TEMP VIEW subject AS
SELECT position, coalesce(replace(package, rtrim(package, replace(package, '/', '')), '') || '.', '') || name
         || coalesce(' (' || (SELECT group_concat(key || '=' || atom, ', ') FROM json_each(settings)) || ')', '') AS name,
       json_patch('{}', json_object('tool', 'Go', 'name', name, 'package', package, 'settings', json(settings),
                                    'metric', nullif(unit, 'ns/op'), 'unit', CASE unit WHEN 'ns/op' THEN NULL WHEN 'B/op' THEN 'B' ELSE unit END,
                                    'better', CASE WHEN unit = 'ns/op' THEN NULL WHEN b.better IS NOT NULL THEN iif(b.better = 'higher', 'more', NULL)
                                                   WHEN unit LIKE '%/s' OR unit LIKE '%/sec' THEN 'more' END)) AS parameters
  FROM counted LEFT JOIN (SELECT iif(type = 'object', value, '{}') ->> '$.unit' AS unit, max(iif(type = 'object', value, '{}') ->> '$.better') AS better
                            FROM incoming AS i, json_each(i.body, '$.go') GROUP BY 1) AS b USING (unit)
 WHERE position IN (SELECT position FROM timing);

-- The configuration at its first mention.
CREATE TEMP VIEW header AS
SELECT 'go test' AS tool, coalesce(c ->> '$.date', c ->> '$."run-date"', c ->> '$."commit-time"') AS started_at, nullif(c ->> '$.host', '') AS host,
       (SELECT lower(atom) FROM json_each(c) WHERE key IN ('commit', 'git-commit', 'commit-id', 'commit-hash')
           AND type = 'text' AND length(atom) BETWEEN 7 AND 64 AND atom NOT GLOB '*[^0-9a-fA-F]*' LIMIT 1) AS commit_id,
       c ->> '$.branch' AS branch, NULL AS dirty, NULL AS load_before, c ->> '$.cpu' AS processor, NULL AS processors, c ->> '$.goarch' AS architecture,
       c ->> '$.goos' AS kernel, coalesce(c ->> '$.toolchain', c ->> '$.goversion') AS compiler, NULL AS flags, json_object('configuration', json(c)) AS rest
  FROM (SELECT coalesce((SELECT json_group_object(key, atom)
                           FROM (SELECT s.key, s.atom, row_number() OVER (PARTITION BY s.key ORDER BY e.key) AS number
                                   FROM incoming AS i, json_each(i.body, '$.go') AS e, json_each(iif(e.type = 'object', e.value, '{}'), '$.config') AS s)
                          WHERE number = 1), '{}') AS c);
