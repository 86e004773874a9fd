-- The data of the chart `break-even`, as described at chart_data_write in cli/report/chart_data.h. ?1 run; ?2 part, of which there is one.
-- Block 0: caption, what it says in words, the number of executors, and what is left out. Block 1: rows, seconds a row costs by
-- serial, the colour of the fastest executor, its speed-up, and whether there is room to write that (1), for each piece of work.
-- Block 2: number, name and colour of each executor, by the colour. From block 3 on, a block for each executor but serial: rows and seconds a
-- row at which it begins to pay; where none was found, one row without figures.
WITH point AS (
  SELECT work, rows, cost, executor, speed_up,
         row_number() OVER (PARTITION BY work ORDER BY speed_up DESC) AS place
    FROM work_point WHERE run = ?1
), marked AS (
  SELECT *, lag(cost) OVER (PARTITION BY rows ORDER BY cost) AS below FROM point WHERE place = 1
), executor AS (
  SELECT row_number() OVER (ORDER BY colour) AS number, executor, colour FROM executor_colour
   WHERE executor = 'serial' OR executor IN (SELECT executor FROM point)
), line AS (
  -- along one direction only, so that the line does not zigzag: by the cost of a row where that was varied
  SELECT * FROM break_even AS b WHERE run = ?1
     AND along = (SELECT min(along) FROM break_even WHERE run = ?1 AND executor = b.executor)
), spoken AS (
  SELECT executor, executor || CASE WHEN low = -1 THEN ' paid for all that was measured'
                                    WHEN low IS NULL THEN ' paid for none of it'
                                    ELSE iif(executor = 'mpi', ' pays from ', ' pay from ') || iif(duration(low) = duration(high), duration(low), duration_range(low, high)) || ' of work on' END AS words
    FROM pays_from WHERE run = ?1
), left_out AS (
  SELECT count(*) AS without FROM main.measurement AS m JOIN main.measurement AS s ON s.measurement = m.baseline
   WHERE m.run = ?1 AND m.baseline <> m.measurement AND (m.median_seconds = 0 OR s.median_seconds = 0 OR s.rows = 0)
)
SELECT 0 AS block, caption AS a, (SELECT group_concat(words, '; ') FROM (SELECT words FROM spoken ORDER BY executor DESC)) AS b,
       (SELECT count(*) FROM executor) AS c,
       (SELECT 'Without ' || without || iif(without = 1, ' measurement', ' measurements') || ' of no rows, or whose median is 0, or that of serial.' FROM left_out WHERE without > 0) AS d,
       NULL AS e
  FROM run_caption WHERE run = ?1 AND ?2 = 1 AND (SELECT count(DISTINCT work) FROM point) > 2
UNION ALL
SELECT 1, rows, cost, iif(speed_up < 1, 1, colour), speed_up,
       coalesce(cost > 1.4 * below, 1) FROM marked JOIN executor_colour USING (executor) WHERE ?2 = 1
UNION ALL
SELECT 2, number, executor, colour, NULL, NULL FROM executor WHERE ?2 = 1
UNION ALL
SELECT number + 1, rows, cost, NULL, NULL, NULL FROM line JOIN executor USING (executor) WHERE ?2 = 1
UNION ALL
SELECT number + 1, NULL, NULL, NULL, NULL, NULL FROM executor WHERE ?2 = 1 AND number > 1 AND executor NOT IN (SELECT executor FROM line)
ORDER BY block, a, b;
