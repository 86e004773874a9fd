-- The data of the chart `timeline`, as described at chart_data_write in cli/report/chart_data.h. ?1 run, ?2 part.
-- Block 0: caption, what this part has. Block 1: number, name, count of lanes and seconds of each panel, one for each work,
-- or several where its lanes are many. Block 2: panel, height of the middle, label and text at the right of each measurement, or of a piece
-- of one that has more than 40 lanes. Block 3: panel,
-- start, end and height of each box, its colour (as in the chart `executors`) and its shade (0 and 1 in turn). Where a
-- map has more than 300 tasks, or all have more than 2000, a box is several of a worker's that follow each other. Block
-- 4: panel, end of the last chunk, end of the map, and the lowest and the greatest height of each piece. What was
-- recorded is the map nearest to the median, so that a map ends at the median. Heights are -1, -2, … a lane; the host,
-- which may evaluate chunks itself, has the first.
WITH RECURSIVE recorded AS MATERIALIZED (
  SELECT h.measurement, h.work, h.title, h.position, h.way, h.executor, h.colour, h.tasks,
         iif(max(t.worker) >= 0, max(coalesce(h.workers, 1), max(t.worker) + 1), 0) + (min(t.worker) < 0) AS lanes,
         min(0, min(t.worker)) AS least, max(t.end_ns) / 1e9 AS worked,
         iif(h.tasks > count(*), max(t.end_ns) / 1e9, max(h.median_seconds, max(t.end_ns) / 1e9)) AS seconds,
         sum(t.end_ns - t.start_ns) / 1e9 AS busy, count(*) AS kept
    FROM named_measurement AS h JOIN task AS t USING (measurement)
   WHERE h.run = ?1 AND h.median_seconds IS NOT NULL GROUP BY h.measurement
), piece AS (
  -- of equal size, as far as that goes; lanes from skipped + 1 to skipped + some
  SELECT measurement, lanes, 0 AS skipped, (lanes + (lanes + 39) / 40 - 1) / ((lanes + 39) / 40) AS some FROM recorded
  UNION ALL
  SELECT measurement, lanes, skipped + some, min(some, lanes - skipped - some) FROM piece WHERE lanes > skipped + some
), ordered AS (
  SELECT *, min(position) OVER (PARTITION BY work) AS first, count(*) OVER () AS numbers FROM recorded
), placed AS (
  SELECT p.some, p.skipped, r.*, dense_rank() OVER (ORDER BY first, position) AS number,
         sum(p.some) OVER (PARTITION BY work ORDER BY position, skipped) - p.some AS before
    FROM piece AS p JOIN ordered AS r USING (measurement)
), grouped AS (
  -- a panel begins anew after 40 lanes, a part after about 80 with what the panels' own names and axes take
  SELECT *, dense_rank() OVER (ORDER BY first, before / 40) AS whole_panel FROM placed
), tall AS (
  SELECT whole_panel, sum(some) + 4 AS tall FROM grouped GROUP BY whole_panel
), parted AS (
  SELECT whole_panel, (sum(tall) OVER (ORDER BY whole_panel) - tall) / 80 AS sheet FROM tall
), shown AS (
  -- lanes of a measurement, and half a lane between two of them
  SELECT *, dense_rank() OVER (ORDER BY whole_panel) AS panel,
         -(sum(some) OVER same - some) - 0.5 * (row_number() OVER same - 1) AS top
    FROM grouped WHERE whole_panel IN (SELECT whole_panel FROM (SELECT whole_panel, dense_rank() OVER (ORDER BY sheet) AS part FROM parted) WHERE part = ?2)
  WINDOW same AS (PARTITION BY whole_panel ORDER BY position, skipped)
), box AS (
  SELECT s.measurement, t.worker, min(t.start_ns) / 1e9 AS start, max(t.end_ns) / 1e9 AS end,
         (t.place - 1) / ((s.kept + most - 1) / most) AS place
    FROM (SELECT DISTINCT measurement, kept FROM shown) AS s, (SELECT min(300, 2000 / count(DISTINCT measurement)) AS most FROM shown)
    JOIN (SELECT *, row_number() OVER (PARTITION BY measurement, worker ORDER BY start_ns) AS place FROM task
           WHERE measurement IN (SELECT measurement FROM shown)) AS t USING (measurement)
   GROUP BY s.measurement, t.worker, (t.place - 1) / ((s.kept + most - 1) / most)
)
SELECT 0 AS block, caption AS a,
       (SELECT part_note(?2, (SELECT count(DISTINCT sheet) FROM parted), 'timeline',
                         'measurements ' || min(number) || ' to ' || max(number) || ' of ' || max(numbers)) FROM shown) AS b,
       NULL AS c, NULL AS d, NULL AS e, NULL AS f
  FROM run_caption WHERE run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, panel, title, max(some - top), max(seconds), NULL, NULL FROM shown GROUP BY panel
UNION ALL
SELECT 2, panel, top - (some + 1) / 2.0, way || iif(lanes > some, ', ' || (skipped + 1) || ' to ' || (skipped + some), ''),
       iif(tasks > kept, 'first ' || kept || ' of ' || tasks || ' chunks',
           tasks || iif(tasks = 1, ' chunk', ' chunks') || printf(', %.0f %% busy', 100 * busy / (lanes * seconds))),
       NULL, NULL FROM shown
UNION ALL
SELECT 3, panel, start, end, top - 1 - (worker - least - skipped),
       colour, place % 2
  FROM box JOIN shown USING (measurement) WHERE worker - least >= skipped AND worker - least < skipped + some
UNION ALL
SELECT 4, panel, worked, seconds, top - some, top - 1, NULL FROM shown
ORDER BY block, a, b;
