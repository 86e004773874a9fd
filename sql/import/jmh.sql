-- The result of JMH, -rf json: [ { benchmark, mode, threads, params: { name: value }, primaryMetric: { score, scoreUnit,
-- scorePercentiles, rawData: [[a figure of each iteration] of each fork] }, secondaryMetrics: { name: a metric } } ]. Each metric
-- is a benchmark here. Times of an operation are times; throughput is a metric of which more is better; so is what a
-- profiler adds, such as B/op. The mode `sample` has a histogram for the single figures, whose percentiles are a summary.
INSERT INTO entry
WITH result AS MATERIALIZED (
  SELECT key, fullkey, iif(type = 'object', value, '{}') AS body FROM incoming AS i, json_each(i.body)
), metric AS (
  SELECT key, fullkey || '.primaryMetric' AS path, body, 0 AS number, NULL AS name, body -> '$.primaryMetric' AS metric FROM result
  UNION ALL
  SELECT r.key, r.fullkey || '.secondaryMetrics.' || s.key, r.body, s.id, s.key, iif(s.type = 'object', s.value, '{}')
    FROM result AS r, json_each(r.body, '$.secondaryMetrics') AS s
)
SELECT row_number() OVER (ORDER BY key, number) - 1, path,
       json_object('benchmark', body -> '$.benchmark', 'mode', body -> '$.mode', 'threads', body -> '$.threads',
                   'params', body -> '$.params', 'secondary', name, 'metric', json(coalesce(metric, '{}')))
  FROM metric ORDER BY key, number;

-- `ns`: how many an operation's unit of time has; NULL where the figure is no time.
CREATE TEMP VIEW reported AS
SELECT position, path, body, body ->> '$.benchmark' AS benchmark, body ->> '$.mode' AS mode, body ->> '$.secondary' AS secondary,
       body ->> '$.metric.scoreUnit' AS unit,
       CASE body ->> '$.metric.scoreUnit' WHEN 'ns/op' THEN 1.0 WHEN 'us/op' THEN 1e3 WHEN 'ms/op' THEN 1e6 WHEN 's/op' THEN 1e9
            WHEN 'min/op' THEN 6e10 WHEN 'hr/op' THEN 3.6e12 WHEN 'day/op' THEN 8.64e13 END AS ns
  FROM entry;

CREATE TEMP VIEW counted AS
SELECT r.position, r.path || '.rawData[' || f.key || '][' || v.key || ']' AS path, r.ns, v.value, v.type,
       row_number() OVER (PARTITION BY r.position ORDER BY f.key, v.key) - 1 AS sequence
  FROM reported AS r, json_each(r.body, '$.metric.rawData') AS f, json_each(iif(f.type = 'array', f.value, '[]')) AS v;

-- An iteration's figure is the mean of operations whose number is not in the file: a million of them, as it were, keeps
-- the parts of a nanosecond.
CREATE TEMP VIEW timing AS
SELECT position, sequence, loops, coalesce(CAST(round(value * ns * loops) AS INTEGER), 0) AS wall_ns, NULL AS user_ns, NULL AS system_ns,
       NULL AS peak_memory_kib, iif(ns IS NULL, CAST(value AS REAL), NULL) AS value
  FROM (SELECT *, iif(value * ns < 1e9, 1000000, 1) AS loops FROM counted WHERE position IN (SELECT position FROM taken));

CREATE TEMP VIEW summary AS
SELECT position, max(1, coalesce((SELECT sum(iif(b.type = 'array', b.value, '[]') ->> '$[1]')
                                    FROM json_each(body, '$.metric.rawDataHistogram') AS f, json_each(iif(f.type = 'array', f.value, '[]')) AS h,
                                         json_each(iif(h.type = 'array', h.value, '[]')) AS b), 1)) AS samples,
       coalesce(p ->> '$."50.0"', score) * scale AS median, score * scale AS mean, NULL AS deviation, (p ->> '$."0.0"') * scale AS minimum,
       NULL AS p25, NULL AS p75, (p ->> '$."100.0"') * scale AS maximum
  FROM (SELECT position, body, body ->> '$.metric.score' AS score, coalesce(ns / 1e9, 1.0) AS scale,
               iif(json_type(body, '$.metric.scorePercentiles') = 'object', body -> '$.metric.scorePercentiles', '{}') AS p
          FROM reported WHERE position NOT IN (SELECT position FROM counted) AND position IN (SELECT position FROM taken));

CREATE TEMP VIEW problem AS
SELECT NULL AS position, '$' AS path, 'at least one result' AS expected WHERE NOT EXISTS (SELECT 1 FROM entry)
UNION ALL
SELECT position, path, 'a benchmark whose name is a text' FROM reported WHERE json_type(body, '$.benchmark') IS NOT 'text'
UNION ALL
SELECT position, path || '.scoreUnit', 'a text' FROM reported WHERE json_type(body, '$.metric.scoreUnit') IS NOT 'text'
UNION ALL
SELECT position, path, 'a figure of each iteration, a number' || iif(ns IS NULL, '', ', from 0 to 1e9 seconds') FROM counted
 WHERE type NOT IN ('integer', 'real') OR value * ns NOT BETWEEN 0 AND 1e18
UNION ALL
SELECT position, path || '.score', 'a number' || iif(ns IS NULL, '', ', from 0 to 1e9 seconds') FROM reported
 WHERE position NOT IN (SELECT position FROM counted)
   AND (coalesce(json_type(body, '$.metric.score'), 'null') NOT IN ('integer', 'real') OR (body ->> '$.metric.score') * ns NOT BETWEEN 0 AND 1e18);

-- Columns that JMH prints beside the name are in parentheses here.
CREATE TEMP VIEW subject AS
SELECT position, benchmark || iif(secondary IS NOT NULL AND ns IS NOT NULL, ':' || secondary, '')
         || coalesce(' (' || (SELECT group_concat(shown, ', ')
                                FROM (SELECT key || '=' || atom AS shown FROM json_each(body, '$.params') WHERE atom IS NOT NULL
                                      UNION ALL SELECT mode WHERE mode NOT IN ('avgt', 'thrpt')
                                      UNION ALL SELECT (body ->> '$.threads') || ' threads' WHERE body ->> '$.threads' > 1)) || ')', '') AS name,
       json_patch('{}', json_object('tool', 'JMH', 'mode', mode, 'threads', body -> '$.threads', 'parameters', json(body -> '$.params'),
                                    'metric', iif(ns IS NULL, coalesce(secondary, iif(mode = 'thrpt', 'throughput', 'score')), NULL),
                                    'unit', iif(ns IS NULL, iif(unit = 'B/op', 'B', unit), NULL),
                                    'better', iif(ns IS NULL AND (unit LIKE 'ops/%' OR mode = 'thrpt' AND secondary IS NULL), 'more', NULL))) AS parameters
  FROM reported WHERE position IN (SELECT position FROM taken);

CREATE TEMP VIEW header AS
SELECT 'JMH' || coalesce(' ' || (r ->> '$.jmhVersion'), '') AS tool, NULL AS started_at, NULL AS host, NULL AS commit_id, NULL AS branch,
       NULL AS dirty, NULL AS load_before, NULL AS processor, NULL AS processors, NULL AS architecture, NULL AS kernel, NULL AS compiler,
       nullif(trim(coalesce(r ->> '$.vmName', '') || ' ' || coalesce(r ->> '$.jdkVersion', '')), '') AS flags,
       (SELECT json_group_array(json_remove(iif(type = 'object', value, '{}'), '$.primaryMetric.rawData', '$.primaryMetric.rawDataHistogram',
                                            '$.secondaryMetrics')) FROM incoming AS i, json_each(i.body)) AS rest
  FROM (SELECT iif(json_type(body, '$[0]') = 'object', body -> '$[0]', '{}') AS r FROM incoming);
