-- The data of the chart `timeline`, as described at chart_data_write in cli/report/chart_data.h. ?1 run, ?2 part.
-- Block 0: caption, what this part has. Block 1: number, name, count of lanes and seconds of each panel, one for each work,
-- or several where its lanes are many. Block 2: panel, height of the middle, label and text at the right of each
-- measurement, of a machine of one, or of a piece of what has more than 40 lanes. Block 3: panel, start, end and height of
-- each box, its colour (as in the chart `executors`) and its shade (0 and 1 in turn). Where a
-- map has more than 300 tasks, or all have more than 2000, a box is several of a worker's that follow each other. Block
-- 4: panel, end of the last chunk, end of the map, and the lowest and the greatest height of each piece. What was
-- recorded is the map nearest to the median, so that a map ends at the median. Heights are -1, -2, … a lane; the host,
-- which may evaluate chunks itself, has the first. Where others than the run's own machine did chunks, each machine of a
-- measurement has its lanes together, with its name: a worker's number is that of another machine after a new start.
WITH RECURSIVE shared AS MATERIALIZED (
  SELECT DISTINCT measurement FROM main.measurement AS m JOIN main.run AS r USING (run) JOIN main.task AS t USING (measurement)
   WHERE m.run = ?1 AND t.host IS NOT NULL AND t.host IS NOT r.host
), own AS (
  SELECT coalesce(host, 'the run''s own') AS own FROM main.run WHERE run = ?1
), done AS (
  -- machine: NULL where all of the measurement's are the run's own
  SELECT t.*, iif(measurement IN (SELECT measurement FROM shared), coalesce(t.host, own), NULL) AS machine FROM main.task AS t, own
), worked_on AS MATERIALIZED (
  SELECT h.measurement, h.work, h.title, h.position, h.way, h.executor, h.colour, h.tasks, h.workers, t.machine,
         iif(machine IS NULL, iif(max(t.worker) >= 0, max(coalesce(h.workers, 1), max(t.worker) + 1), 0) + (min(t.worker) < 0),
             count(DISTINCT t.worker)) AS lanes,
         iif(machine IS NULL, min(0, min(t.worker)), 0) AS least, min(t.worker) AS first_worker,
         max(max(t.end_ns)) OVER same / 1e9 AS worked, h.median_seconds,
         sum(t.end_ns - t.start_ns) / 1e9 AS busy, count(*) AS chunks, sum(count(*)) OVER same AS kept
    FROM named_measurement AS h JOIN done AS t USING (measurement)
   WHERE h.run = ?1 AND h.median_seconds IS NOT NULL GROUP BY h.measurement, t.machine
  WINDOW same AS (PARTITION BY h.measurement)
), with_idle AS (
  SELECT *, 0 AS idle FROM worked_on
  UNION ALL
  -- workers that had nothing to do: their machine is not known
  SELECT measurement, work, title, position, way, executor, colour, tasks, workers, 'idle', workers - sum(lanes - (first_worker < 0)), 0, NULL,
         worked, median_seconds, 0, 0, kept, 1
    FROM worked_on WHERE machine IS NOT NULL GROUP BY measurement HAVING workers > sum(lanes - (first_worker < 0))
), machine_name AS MATERIALIZED (
  SELECT machine, shortened(machine, 20, lag(machine) OVER alike, lead(machine) OVER alike) AS short
    FROM (SELECT DISTINCT machine FROM with_idle WHERE machine IS NOT NULL) WINDOW alike AS (ORDER BY machine)
), recorded AS MATERIALIZED (
  SELECT w.*, iif(tasks > kept, worked, max(median_seconds, worked)) AS seconds, coalesce(' · ' || n.short, '') AS on_machine,
         row_number() OVER (ORDER BY position, idle, first_worker, w.machine) AS id
    FROM with_idle AS w LEFT JOIN machine_name AS n USING (machine)
), piece AS (
  -- of equal size, as far as that goes; lanes from skipped + 1 to skipped + some
  SELECT id, lanes, 0 AS skipped, (lanes + (lanes + 39) / 40 - 1) / ((lanes + 39) / 40) AS some FROM recorded
  UNION ALL
  SELECT id, lanes, skipped + some, min(some, lanes - skipped - some) FROM piece WHERE lanes > skipped + some
), ordered AS (
  SELECT *, min(position) OVER (PARTITION BY work) AS first, (SELECT count(DISTINCT measurement) FROM recorded) AS numbers FROM recorded
), placed AS (
  SELECT p.some, p.skipped, r.*, dense_rank() OVER (ORDER BY first, position) AS number,
         sum(p.some) OVER (PARTITION BY work ORDER BY id, skipped) - p.some AS before
    FROM piece AS p JOIN ordered AS r USING (id)
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
  WINDOW same AS (PARTITION BY whole_panel ORDER BY id, skipped)
), box AS (
  SELECT s.measurement, t.machine, t.lane, min(t.start_ns) / 1e9 AS start, max(t.end_ns) / 1e9 AS end,
         (t.place - 1) / ((s.kept + most - 1) / most) AS place
    FROM (SELECT DISTINCT measurement, kept FROM shown) AS s, (SELECT min(300, 2000 / count(DISTINCT measurement)) AS most FROM shown)
    JOIN (SELECT *, iif(machine IS NULL, worker, dense_rank() OVER (PARTITION BY measurement, machine ORDER BY worker) - 1) AS lane,
                 row_number() OVER (PARTITION BY measurement, machine, worker ORDER BY start_ns) AS place FROM done
           WHERE measurement IN (SELECT measurement FROM shown)) AS t USING (measurement)
   GROUP BY s.measurement, t.machine, t.lane, (t.place - 1) / ((s.kept + most - 1) / most)
)
SELECT 0 AS block, caption AS a,
       (SELECT part_note(?2, (SELECT count(DISTINCT sheet) FROM parted), 'timeline',
                         'measurements ' || min(number) || ' to ' || max(number) || ' of ' || max(numbers)) FROM shown) AS b,
       NULL AS c, NULL AS d, NULL AS e, NULL AS f
  FROM run_caption WHERE run = ?1 AND EXISTS (SELECT 1 FROM shown)
UNION ALL
SELECT 1, panel, title, max(some - top), max(seconds), NULL, NULL FROM shown GROUP BY panel
UNION ALL
SELECT 2, panel, top - (some + 1) / 2.0, way || on_machine || iif(lanes > some, ', ' || (skipped + 1) || ' to ' || (skipped + some), ''),
       CASE WHEN idle THEN iif(tasks > kept, 'none of the first ' || kept, 'no chunk')
            WHEN machine IS NOT NULL AND tasks > kept THEN chunks || ' of the first ' || kept || ' chunks'
            WHEN tasks > kept THEN 'first ' || kept || ' of ' || tasks || ' chunks'
            ELSE iif(machine IS NULL, tasks, chunks) || iif(iif(machine IS NULL, tasks, chunks) = 1, ' chunk', ' chunks')
                 || printf(', %.0f %% busy', 100 * busy / (lanes * seconds)) END,
       NULL, NULL FROM shown
UNION ALL
SELECT 3, panel, start, end, top - 1 - (lane - least - skipped),
       colour, place % 2
  FROM box AS b JOIN shown AS s USING (measurement)
 WHERE b.machine IS s.machine AND NOT s.idle AND lane - least >= skipped AND lane - least < skipped + some
UNION ALL
SELECT 4, panel, worked, seconds, top - some, top - 1, NULL FROM shown
ORDER BY block, a, b;
