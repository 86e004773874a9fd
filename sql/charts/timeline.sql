-- The data of the chart `timeline`, as described at chart_data_write in cli/report/chart_data.h. ?1 run.
-- Block 0: caption, what is left out. Block 1: number, name, count of lanes and seconds of each panel, one for each work,
-- at most eight. Block 2: panel, height of the middle, label and text at the right of each measurement. Block 3: panel,
-- start, end and height of each box, its colour (as in the chart `executors`) and its shade (0 and 1 in turn). Where a
-- map has more than 300 tasks, or all have more than 2000, a box is several of a worker's that follow each other. Block
-- 4: panel, end of the last chunk, end of the map, and the lowest and the greatest height of each measurement. What was
-- recorded is the map nearest to the median, so that a map ends at the median. Heights are -1, -2, … a lane; the host,
-- which may evaluate chunks itself, has the first.
WITH recorded AS (
  SELECT h.measurement, h.work, h.title, h.position, h.way, h.executor, h.colour, h.tasks,
         iif(max(t.worker) >= 0, max(coalesce(h.workers, 1), max(t.worker) + 1), 0) + (min(t.worker) < 0) AS lanes,
         min(0, min(t.worker)) AS least, max(t.end_ns) / 1e9 AS worked,
         iif(h.tasks > count(*), max(t.end_ns) / 1e9, max(h.median_seconds, max(t.end_ns) / 1e9)) AS seconds,
         sum(t.end_ns - t.start_ns) / 1e9 AS busy, count(*) AS kept
    FROM named_measurement AS h JOIN task AS t USING (measurement)
   WHERE h.run = ?1 AND h.median_seconds IS NOT NULL GROUP BY h.measurement
), chosen AS (
  -- where a panel has no room for all, of every executor those whose workers are as many as there are processors, or
  -- nearest to that
  SELECT *, sum(lanes) OVER (PARTITION BY work ORDER BY choice, position) AS lanes_chosen
    FROM (SELECT *, row_number() OVER (PARTITION BY work, executor
                                       ORDER BY abs(lanes - (SELECT processors FROM run_caption WHERE run = ?1)), position) AS choice
            FROM recorded)
), grouped AS (
  SELECT *, first_value(position) OVER (PARTITION BY work ORDER BY position) AS first,
         sum(lanes) OVER (PARTITION BY work ORDER BY position) AS lanes_so_far
    FROM chosen WHERE lanes_chosen <= 48 OR choice = 1
), shown AS (
  -- lanes of a measurement, and half a lane between two of them
  SELECT *, -(lanes_so_far - lanes) - 0.5 * (row_number() OVER (PARTITION BY first ORDER BY position) - 1) AS top
    FROM (SELECT *, dense_rank() OVER (ORDER BY first) AS panel FROM grouped) WHERE panel <= 8
), box AS (
  SELECT s.measurement, t.worker, min(t.start_ns) / 1e9 AS start, max(t.end_ns) / 1e9 AS end,
         (t.place - 1) / ((s.kept + most - 1) / most) AS place
    FROM shown AS s, (SELECT min(300, 2000 / count(*)) AS most FROM shown)
    JOIN (SELECT *, row_number() OVER (PARTITION BY measurement, worker ORDER BY start_ns) AS place FROM task
           WHERE measurement IN (SELECT measurement FROM shown)) AS t USING (measurement)
   GROUP BY s.measurement, t.worker, (t.place - 1) / ((s.kept + most - 1) / most)
)
SELECT 0 AS block, caption AS a,
       (SELECT 'Left out for want of room: ' || (count(*) - (SELECT count(*) FROM shown)) || ' of ' || count(*) || ' measurements: '
                        || shortened((SELECT group_concat(title || ', ' || way, '; ') FROM (SELECT title, way FROM recorded
                                       WHERE measurement NOT IN (SELECT measurement FROM shown) ORDER BY position)), 70, NULL, NULL) || '.'
                   FROM recorded HAVING count(*) > (SELECT count(*) FROM shown)) AS b, NULL AS c, NULL AS d, NULL AS e, NULL AS f
  FROM run_caption WHERE run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, panel, title, max(lanes - top), max(seconds), NULL, NULL FROM shown GROUP BY panel
UNION ALL
SELECT 2, panel, top - (lanes + 1) / 2.0, way,
       iif(tasks > kept, 'first ' || kept || ' of ' || tasks || ' chunks',
           tasks || iif(tasks = 1, ' chunk', ' chunks') || printf(', %.0f %% busy', 100 * busy / (lanes * seconds))),
       NULL, NULL FROM shown
UNION ALL
SELECT 3, panel, start, end, top - 1 - (worker - least),
       colour, place % 2
  FROM box JOIN shown USING (measurement)
UNION ALL
SELECT 4, panel, worked, seconds, top - lanes, top - 1, NULL FROM shown
ORDER BY block, a, b;
