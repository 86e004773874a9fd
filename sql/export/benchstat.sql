-- The samples of the chosen runs as lines of the format that go test -bench prints and benchstat reads, in their order. The
-- configuration has the machine, and of several runs what distinguishes them, too. A metric is a unit, to which its own is added.
WITH shown AS MATERIALIZED (
  SELECT run, row_number() OVER (ORDER BY r.started_at, run) AS number, count(*) OVER () AS runs, r.commit_id, r.tool, r.options, k.processor, k.architecture, k.kernel
    FROM chosen JOIN run AS r USING (run) JOIN machine AS k USING (machine)
), measured AS MATERIALIZED (
  SELECT s.number, m.measurement, m.position, m.samples, m.stopped, m.median_seconds AS median, b.metric IS NULL AS is_time, b.more_is_better,
         one_word(iif(b.parameters ->> '$.tool' = 'Go' AND b.parameters ->> '$.name' IS NOT NULL, b.parameters ->> '$.name',
                      upper(substr(b.name, 1, 1)) || substr(b.name, 2) || coalesce('/executor=' || b.executor, '')
                        || coalesce('/workers=' || b.workers, '') || coalesce('/chunk=' || b.chunk, '') || coalesce('/rows=' || b.rows, '')
                        || coalesce('/rounds=' || b.rounds, ''))) AS name,
         b.parameters ->> '$.package' AS package, b.parameters ->> '$.settings' AS settings,
         CASE WHEN b.metric IS NULL THEN 'ns/op' WHEN b.parameters ->> '$.tool' = 'Go' THEN one_word(b.metric)
              ELSE one_word(replace(b.metric, ' ', '-') || coalesce('-' || iif(b.unit = 'B', 'bytes', replace(b.unit, ' ', '-')), '')) END AS unit
    FROM shown AS s JOIN measurement AS m USING (run) JOIN benchmark AS b ON b.benchmark = m.benchmark
), key AS MATERIALIZED (
  SELECT DISTINCT j.key FROM measured AS m, json_each(m.settings) AS j
), configured AS (
  SELECT number, 'goos' AS key, nullif(lower(substr(kernel, 1, instr(kernel || ' ', ' ') - 1)), 'unknown') AS value FROM shown
  UNION ALL SELECT number, 'goarch', nullif(CASE architecture WHEN 'x86_64' THEN 'amd64' WHEN 'aarch64' THEN 'arm64' ELSE architecture END, 'unknown') FROM shown
  UNION ALL SELECT number, 'cpu', iif(processor LIKE 'unknown processor%', NULL, processor) FROM shown
  UNION ALL SELECT number, 'run', run FROM shown WHERE runs > 1
  UNION ALL SELECT number, 'commit', commit_id FROM shown WHERE runs > 1
  -- the configuration of an imported file, where it is the same for all its results
  UNION ALL SELECT s.number, c.key, c.atom FROM shown AS s, json_each(s.options, '$.rest.configuration') AS c
             WHERE s.tool = 'go test' AND c.key NOT IN ('goos', 'goarch', 'cpu', 'pkg', 'run')
               AND (s.runs = 1 OR c.key <> 'commit') AND c.key NOT IN (SELECT key FROM key)
), changed AS (
  SELECT number, position, package, settings FROM (
    SELECT *, lag(package) OVER w IS NOT package OR lag(settings) OVER w IS NOT settings AS differs FROM measured
    WINDOW w AS (ORDER BY number, position)) WHERE differs
)
SELECT line FROM (
  SELECT 0 AS number, 0 AS position, 0 AS part, 0 AS place, 'Unit ' || unit || ' better=higher' AS line FROM measured WHERE more_is_better GROUP BY unit
  UNION ALL
  SELECT number, -1, 0, 0, key || ':' || coalesce(' ' || one_line(value), '') FROM configured AS c
   WHERE value IS NOT NULL OR EXISTS (SELECT 1 FROM configured AS o WHERE o.key = c.key AND o.value IS NOT NULL AND o.number < c.number)
  UNION ALL
  SELECT number, position, 0, 0, 'pkg:' || coalesce(' ' || one_line(package), '') FROM changed
   WHERE package IS NOT NULL OR (SELECT max(package) FROM measured) IS NOT NULL
  UNION ALL
  SELECT number, position, 0, 1, key.key || ':' || coalesce(' ' || one_line((SELECT j.atom FROM json_each(settings) AS j WHERE j.key = key.key)), '')
    FROM changed, key
  UNION ALL
  SELECT m.number, m.position, 1, s.sequence,
         'Benchmark' || name || ' ' || iif(is_time, s.loops, 1) || ' ' || printf('%.15g', coalesce(s.value, s.wall_ns * 1.0 / s.loops)) || ' ' || unit
    FROM measured AS m JOIN sample AS s USING (measurement) WHERE NOT s.warmup
  UNION ALL
  SELECT number, position, 1, 0, '# Benchmark' || name || ': a summary of ' || samples || ' samples, left out: ' || printf('%.15g', median * iif(is_time, 1e9, 1)) || ' ' || unit
    FROM measured WHERE stopped IS 'summary'
) ORDER BY number, position, part, place, line;
