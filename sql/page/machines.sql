-- Each machine's part in the recorded maps of a run that others than the run's own worked on; nothing where that was one
-- machine alone. Workers are those that had a chunk. ?1 run.
WITH recorded AS MATERIALIZED (
  SELECT t.*, r.host AS own FROM measurement AS m JOIN run AS r USING (run) JOIN task AS t USING (measurement) WHERE m.run = ?1
), shared AS MATERIALIZED (
  SELECT DISTINCT measurement FROM recorded WHERE host IS NOT NULL AND host IS NOT own
), part AS (
  SELECT coalesce(host, own, 'the run''s own') AS machine, measurement, count(DISTINCT worker) AS workers, min(worker) AS first,
         count(*) AS chunks, sum(rows) AS rows, sum((end_ns - start_ns) / 1e9) AS busy
    FROM recorded WHERE measurement IN (SELECT measurement FROM shared) GROUP BY 1, 2
)
SELECT machine, max(workers) AS workers, sum(chunks) AS chunks, sum(rows) AS rows, duration(sum(busy)) AS busy
  FROM part WHERE (SELECT count(DISTINCT machine) FROM part) > 1
 GROUP BY machine ORDER BY min(first), machine;
