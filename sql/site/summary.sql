-- The first sentences of the overview.
SELECT count(*) || iif(count(*) = 1, ' benchmark', ' benchmarks') || ' in ' || runs || iif(runs = 1, ' run', ' runs')
       || iif(machines > 1, ' on ' || machines || ' machines', '') || ', the newest of ' || strftime('%Y-%m-%d %H:%M', newest, 'localtime')
  FROM temp.site_benchmark, (SELECT count(*) AS runs, count(DISTINCT machine) AS machines, max(started_at) AS newest FROM temp.site_run JOIN main.run USING (run))
UNION ALL
SELECT count(*) || iif(count(*) = 1, ' series', ' series') || CASE state
         WHEN 'regression' THEN ' became worse at the last change'
         WHEN 'unconfirmed' THEN ' may have changed in the newest run alone: the next run decides'
         WHEN 'improved' THEN ' became better at the last change'
         ELSE ' became worse, which is acknowledged' END
  FROM (SELECT c.state, CASE c.state WHEN 'regression' THEN 0 WHEN 'unconfirmed' THEN 1 WHEN 'acknowledged' THEN 2 ELSE 3 END AS place
          FROM temp.site_series AS s JOIN temp.site_change AS c ON c.id = s.changed)
 GROUP BY place
UNION ALL
SELECT 'no run has measured anything yet: the runs below say why' WHERE NOT EXISTS (SELECT 1 FROM temp.site_series)
UNION ALL
SELECT 'no series has changed for good: a change is seen among at least 7 runs; before, the page of a run tells what became slower in it'
 WHERE EXISTS (SELECT 1 FROM temp.site_series) AND NOT EXISTS (SELECT 1 FROM temp.site_series WHERE changed IS NOT NULL);
