-- Why a chosen run should stay, for one of those where there is a reason; no row where there is none.
SELECT 'run ' || d.run || iif(d.status = 'unfinished', ' is unfinished, and may still be measured',
                              ' is acknowledged, and changes before it would be alarms again')
  FROM temp.removed AS d
 WHERE d.status = 'unfinished' OR EXISTS (SELECT 1 FROM main.remark AS x WHERE x.kind = 'ack' AND x.run = d.run)
 ORDER BY d.run LIMIT 1;
