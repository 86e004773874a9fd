-- Cuts the names and the parameters of a run's benchmarks where they are long, so that the part in which they differ within the run is kept; those
-- that are still alike are numbered. ?1 run.
WITH measured AS (
  -- room: columns beside what else stands there
  SELECT DISTINCT benchmark, b.name, coalesce(metric, '') AS metric, iif(coalesce(metric, b.rows, b.rounds) IS NULL, 60, 44) AS room,
         iif(executor IS NULL, (SELECT group_concat(key || '=' || value, ', ') FROM json_each(b.parameters, '$.parameters')), NULL) AS text
    FROM main.measurement JOIN main.benchmark AS b USING (benchmark) WHERE run = ?1
), name AS (
  SELECT name, room, shortened(name, room, lag(name) OVER alike, lead(name) OVER alike) AS short
    FROM (SELECT DISTINCT name, room FROM measured) WINDOW alike AS (PARTITION BY room ORDER BY name)
), text AS (
  SELECT name, metric, text, shortened(text, 24, lag(text) OVER alike, lead(text) OVER alike) AS short
    FROM (SELECT DISTINCT name, metric, text FROM measured WHERE text IS NOT NULL) WINDOW alike AS (PARTITION BY name, metric ORDER BY text)
), named AS (
  SELECT name, room, short || iif(count(*) OVER same > 1, ' #' || row_number() OVER (PARTITION BY room, short ORDER BY name), '') AS short
    FROM name WINDOW same AS (PARTITION BY room, short)
), told AS (
  SELECT name, metric, text, short || iif(count(*) OVER same > 1, ' #' || row_number() OVER (PARTITION BY name, metric, short ORDER BY text), '') AS short
    FROM text WINDOW same AS (PARTITION BY name, metric, short)
)
INSERT OR IGNORE INTO temp.short_text(run, benchmark, name, parameters)
SELECT ?1, benchmark, n.short, t.short FROM measured AS m JOIN named AS n USING (name, room) LEFT JOIN told AS t USING (name, metric, text);
