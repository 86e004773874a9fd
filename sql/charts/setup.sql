-- Tables and views that the queries of the charts and of the page share: of this connection only.

-- A line that distinguishes a run from others.
CREATE TEMP VIEW IF NOT EXISTS run_caption AS
SELECT r.run, 'Run ' || r.run || coalesce(' · ' || shortened(r.label, 40, NULL, NULL), '') || ' · '
              || strftime('%Y-%m-%d %H:%M', r.started_at, 'localtime') || ' · ' || shortened(k.processor, 40, NULL, NULL)
              || iif(k.flags = 'any' OR k.processors = 0, '', ' × ' || k.processors) AS caption,
       coalesce(r.options ->> '$.machine.processors', k.processors) AS processors,
       -- The work that is executed: of another tool nothing more is known than that it has a benchmark
       CASE r.verb WHEN 'command' THEN 'command' WHEN 'import' THEN 'benchmark' WHEN 'query' THEN 'query' ELSE 'map' END AS subject
  FROM main.run AS r JOIN main.machine AS k USING (machine);

-- The measurements with their names in two parts: `work`, what was done, and `way`, how; `title` is `work` short
-- enough for a chart. A measurement without an executor has a way only where another tool gave it parameters.
CREATE TEMP VIEW IF NOT EXISTS named_measurement AS
WITH short AS (
  SELECT run, name, shortened(name, 60, lag(name) OVER alike, lead(name) OVER alike) AS short_name
    FROM (SELECT DISTINCT m.run, b.name FROM main.measurement AS m JOIN main.benchmark AS b USING (benchmark))
  WINDOW alike AS (PARTITION BY run ORDER BY name)
)
SELECT m.*, b.executor, b.workers, b.chunk, b.metric, b.unit, b.name || scanned AS work, short_name || scanned AS title,
       coalesce(b.executor || coalesce(' × ' || b.workers, '') || coalesce(', chunk ' || b.chunk, ''),
                shortened((SELECT group_concat(key || '=' || value, ', ') FROM json_each(b.parameters, '$.parameters')), 24, NULL, NULL),
                '') AS way,
       CASE b.executor WHEN 'serial' THEN 1 WHEN 'threads' THEN 2 WHEN 'processes' THEN 3 WHEN 'auto' THEN 4 ELSE 5 END AS colour,
       s.median_seconds / m.median_seconds AS speed_up
  FROM main.measurement AS m
  JOIN (SELECT *, coalesce(' · ' || rows || iif(rows = 1, ' row', ' rows'), '')
                  || coalesce(' · ' || rounds || iif(rounds = 1, ' round', ' rounds'), '')
                  || coalesce(' · ' || metric, '') AS scanned FROM main.benchmark) AS b
    ON b.benchmark = m.benchmark
  JOIN short ON short.run = m.run AND short.name = b.name
  LEFT JOIN main.measurement AS s ON s.measurement = m.baseline;

-- The same work by serial and by the best variant of each other executor. `cost` is what serial needs for a row;
-- `kind` is the same for the same map over other numbers of rows.
CREATE TEMP VIEW IF NOT EXISTS work_point AS
SELECT s.run, s.measurement AS work, b.name || coalesce(' · ' || json_extract(b.parameters, '$.rounds'), '') AS kind, s.rows,
       s.median_seconds / s.rows AS cost, o.executor, max(s.median_seconds / m.median_seconds) AS speed_up
  FROM main.measurement AS s
  JOIN main.benchmark AS b ON b.benchmark = s.benchmark
  JOIN main.measurement AS m ON m.run = s.run AND m.baseline = s.measurement
  JOIN main.benchmark AS o ON o.benchmark = m.benchmark
 WHERE s.rows > 0 AND s.median_seconds > 0 AND m.median_seconds > 0 AND o.executor IN ('threads', 'processes')
 GROUP BY s.measurement, o.executor;

-- Where an executor begins to pay for good, between two measured points that differ in the cost of a row only
-- ('cost'), or in the number of rows only ('rows'). work: what serial needs for all of it, in seconds.
CREATE TEMP VIEW IF NOT EXISTS break_even AS
WITH ladder AS (
  SELECT run, executor, 'cost' AS along, rows AS fixed, cost AS x, speed_up FROM work_point
  UNION ALL
  SELECT run, executor, 'rows', kind, rows, speed_up FROM work_point
), step AS (
  SELECT *, lag(x) OVER up AS x0, lag(speed_up) OVER up AS speed_up0,
         min(speed_up) OVER (up ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS least_above
    FROM ladder WINDOW up AS (PARTITION BY run, executor, along, fixed ORDER BY x)
), crossing AS (
  SELECT run, executor, along, fixed, where_it_pays(x0, speed_up0, x, speed_up) AS x
    FROM step WHERE speed_up0 < 1 AND least_above >= 1 AND x > x0
)
SELECT run, executor, along, fixed AS rows, x AS cost, fixed * x AS work FROM crossing WHERE along = 'cost'
UNION ALL
SELECT c.run, c.executor, c.along, c.x, avg(w.cost), c.x * avg(w.cost)
  FROM crossing AS c JOIN work_point AS w ON w.run = c.run AND w.kind = c.fixed AND w.executor = c.executor
 WHERE c.along = 'rows' GROUP BY c.run, c.executor, c.fixed;

-- The meaning of that for a run: from which work on each executor pays. -1: it paid for all that was measured; NULL: for
-- none of it, or without an order.
CREATE TEMP VIEW IF NOT EXISTS pays_from AS
SELECT p.run, p.executor, iif(min(p.speed_up) >= 1, -1, (SELECT min(work) FROM break_even AS b WHERE b.run = p.run AND b.executor = p.executor)) AS low,
       iif(min(p.speed_up) >= 1, -1, (SELECT max(work) FROM break_even AS b WHERE b.run = p.run AND b.executor = p.executor)) AS high,
       count(*) AS points
  FROM work_point AS p GROUP BY p.run, p.executor;
