-- A run beside the measurements before it, without a test. ?1 run.
SELECT b.short_name AS benchmark, b.page AS href, b.variant AS variant,
       coalesce('run ' || x.run, '') AS baseline, 'run-' || x.run || '.html' AS href, x.run AS "key",
       iif(x.run IS NULL, '', figure(x.median_seconds, r.metric, r.unit)) AS before, iif(x.run IS NULL, NULL, printf('%.9g', x.median_seconds)) AS "key",
       figure(r.median_seconds, r.metric, r.unit) AS now, printf('%.9g', r.median_seconds) AS "key",
       iif(x.median_seconds > 0, printf('%.3f ×', r.median_seconds / x.median_seconds), '') AS ratio,
       iif(x.median_seconds > 0, printf('%.9g', r.median_seconds / x.median_seconds), NULL) AS "key",
       CASE WHEN x.run IS NULL THEN 'nothing before it'
            WHEN x.low_seconds IS NULL OR r.low_seconds IS NULL THEN 'no interval'
            WHEN r.low_seconds <= x.high_seconds AND x.low_seconds <= r.high_seconds THEN 'overlap' ELSE 'apart' END AS intervals,
       coalesce(c.verdict, '') AS "change point", c.state AS class
  FROM temp.site_row AS r JOIN temp.site_benchmark AS b USING (benchmark)
  LEFT JOIN temp.site_row AS x
         ON x.rowid = (SELECT rowid FROM temp.site_row AS e WHERE e.benchmark = r.benchmark AND e.machine = r.machine
                          AND e.number < r.number AND e.usable ORDER BY e.number DESC LIMIT 1)
  LEFT JOIN temp.site_change AS c ON c.id = r.rowid
 WHERE r.run = ?1 ORDER BY r.position LIMIT 500;
