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

-- The colour of each executor, as a number of the table in reports/style.gp, in every chart.
CREATE TEMP VIEW IF NOT EXISTS executor_colour(executor, colour) AS
VALUES ('serial', 1), ('threads', 2), ('processes', 3), ('auto', 4), ('mpi', 5);

-- Names and parameters of a run's benchmarks as charts show them; filled by shorten.sql.
CREATE TEMP TABLE IF NOT EXISTS short_text(run INTEGER, benchmark INTEGER, name TEXT, parameters TEXT, PRIMARY KEY(run, benchmark)) WITHOUT ROWID;

-- The measurements with their names in two parts: `work`, what was done, and `way`, how; `title` is `work` short
-- enough for a chart. A measurement without an executor has a way only where it has parameters; the ways of one work then
-- have colours in turn.
CREATE TEMP VIEW IF NOT EXISTS named_measurement AS
WITH named AS (
  SELECT m.*, b.executor, b.workers, b.chunk, b.metric, b.unit, b.name || scanned || coalesce(' · ' || b.metric, '') AS work, coalesce(t.name, b.name) || scanned || coalesce(' · ' || shortened(b.metric, 28, NULL, NULL), '') AS title,
         coalesce(b.executor || coalesce(' × ' || b.workers, '') || coalesce(', chunk ' || b.chunk, ''), t.parameters, '') AS way,
         s.median_seconds / m.median_seconds AS speed_up
    FROM main.measurement AS m
    JOIN (SELECT *, coalesce(' · ' || rows || iif(rows = 1, ' row', ' rows'), '')
                    || coalesce(' · ' || rounds || iif(rounds = 1, ' round', ' rounds'), '') AS scanned FROM main.benchmark) AS b
      ON b.benchmark = m.benchmark
    LEFT JOIN temp.short_text AS t ON t.run = m.run AND t.benchmark = m.benchmark
    LEFT JOIN main.measurement AS s ON s.measurement = m.baseline
)
SELECT n.*, coalesce(c.colour, CASE WHEN executor IS NULL THEN json_extract('[6,7,8,2,3,4,5,1]', '$[' || ((row_number() OVER (PARTITION BY n.run, work, n.executor ORDER BY position) - 1) % 8) || ']')
                               ELSE 6 END) AS colour
  FROM named AS n LEFT JOIN executor_colour AS c USING (executor);

-- The same work by serial and by the best variant of each other executor. `cost` is what serial needs for a row;
-- `kind` is the same for the same map over other numbers of rows.
CREATE TEMP VIEW IF NOT EXISTS work_point AS
SELECT s.run, s.measurement AS work, b.name || coalesce(' · ' || json_extract(b.parameters, '$.rounds'), '') AS kind, s.rows,
       s.median_seconds / s.rows AS cost, o.executor, max(s.median_seconds / m.median_seconds) AS speed_up
  FROM main.measurement AS s
  JOIN main.benchmark AS b ON b.benchmark = s.benchmark
  JOIN main.measurement AS m ON m.run = s.run AND m.baseline = s.measurement
  JOIN main.benchmark AS o ON o.benchmark = m.benchmark
 WHERE s.rows > 0 AND s.median_seconds > 0 AND m.median_seconds > 0 AND o.executor IN ('threads', 'processes', 'mpi')
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
