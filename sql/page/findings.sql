-- The findings of a run, as sentences. ?1 run.
WITH ranked AS (
  SELECT *, row_number() OVER (PARTITION BY work ORDER BY median_seconds) AS place,
         count(*) OVER (PARTITION BY work) AS ways, min(position) OVER (PARTITION BY work) AS first
    FROM named_measurement WHERE run = ?1 AND median_seconds > 0 AND executor IS NOT NULL
)
SELECT work || ': ' || way || ' is fastest, ' || duration(median_seconds)
       || CASE WHEN executor = 'serial' THEN '; nothing is gained by workers'
               ELSE coalesce(', ' || times(speed_up) || ' as fast as serial', '') END AS finding
  FROM (SELECT * FROM ranked WHERE place = 1 AND ways > 1 ORDER BY first LIMIT 8)
UNION ALL
SELECT 'and so on for ' || (count(*) - 8) || ' more: the table Measurements has them all' FROM ranked WHERE place = 1 AND ways > 1
HAVING count(*) > 8
UNION ALL
SELECT executor || CASE WHEN low = -1 THEN ' paid for all that was measured'
                        WHEN low IS NULL THEN ' paid for nothing that was measured, or not for good'
                        WHEN duration(low) = duration(high) THEN iif(executor = 'mpi', ' pays', ' pay') || ' from ' || duration(low) || ' of serial work on'
                        ELSE iif(executor = 'mpi', ' pays', ' pay') || ' from ' || duration_range(low, high) || ' of serial work on' END
  FROM pays_from WHERE run = ?1 AND points > 2
UNION ALL
SELECT 'of ' || samples || ' samples, ' || outliers || iif(outliers = 1, ' is an outlier', ' are outliers')
       || ': something else ran, or the machine is not steady; pricereport doctor says what may be the cause'
  FROM (SELECT sum(samples) AS samples, sum(outliers) AS outliers FROM measurement WHERE run = ?1)
 WHERE outliers * 20 > samples
UNION ALL
SELECT 'the load average was ' || printf('%.2f', load_before) || ' before it began: other programs were running'
  FROM run JOIN machine USING (machine) WHERE run = ?1 AND load_before > 0.25 * coalesce(options ->> '$.machine.processors', processors)
UNION ALL
SELECT 'the run is ' || status || coalesce(': ' || error, '') FROM run WHERE run = ?1 AND status <> 'finished';
