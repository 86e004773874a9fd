-- The data of the chart `break-even`, as described at chart_data_write in cli/report/chart_data.h. ?1 run.
-- Block 0: caption, what it says in words, numbers of rows in the blocks 2 and 3. Block 1: rows, seconds a row costs by
-- serial, the fastest executor (1 serial, 2 threads, 3 processes), its speed-up, and whether there is room to write that (1), for each piece of work.
-- Blocks 2 and 3: rows and seconds a row at which threads and processes begin to pay; where none was found, one row
-- without figures.
WITH point AS (
  SELECT work, rows, cost, executor, speed_up,
         row_number() OVER (PARTITION BY work ORDER BY speed_up DESC) AS place
    FROM work_point WHERE run = ?1
), marked AS (
  SELECT *, lag(cost) OVER (PARTITION BY rows ORDER BY cost) AS below FROM point WHERE place = 1
), line AS (
  -- along one direction only, so that the line does not zigzag: by the cost of a row where that was varied
  SELECT * FROM break_even AS b WHERE run = ?1
     AND along = (SELECT min(along) FROM break_even WHERE run = ?1 AND executor = b.executor)
), spoken AS (
  SELECT executor, executor || CASE WHEN low = -1 THEN ' paid for all that was measured'
                                    WHEN low IS NULL THEN ' paid for none of it'
                                    WHEN duration(low) = duration(high) THEN ' pay from ' || duration(low) || ' of work on'
                                    ELSE ' pay from ' || duration_range(low, high) || ' of work on' END AS words
    FROM pays_from WHERE run = ?1
)
SELECT 0 AS block, caption AS a, (SELECT group_concat(words, '; ') FROM (SELECT words FROM spoken ORDER BY executor DESC)) AS b,
       (SELECT count(*) FROM line WHERE executor = 'threads') AS c,
       (SELECT count(*) FROM line WHERE executor = 'processes') AS d,
       NULL AS e
  FROM run_caption WHERE run = ?1 AND (SELECT count(DISTINCT work) FROM point) > 2
UNION ALL
SELECT 1, rows, cost, iif(speed_up < 1, 1, iif(executor = 'threads', 2, 3)), speed_up,
       coalesce(cost > 1.4 * below, 1) FROM marked
UNION ALL
SELECT iif(executor = 'threads', 2, 3), rows, cost, NULL, NULL, NULL FROM line
UNION ALL
SELECT column1, NULL, NULL, NULL, NULL, NULL FROM (VALUES (2), (3))
 WHERE NOT EXISTS (SELECT 1 FROM line WHERE executor = iif(column1 = 2, 'threads', 'processes'))
ORDER BY block, a, b;
