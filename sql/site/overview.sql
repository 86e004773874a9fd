-- The series, regressions first.
SELECT b.short_name AS benchmark, b.page AS href, b.variant AS variant,
       iif((SELECT count(DISTINCT machine) FROM temp.site_series) > 1, s.machine || ': ' || k.title, '') AS machine,
       figure(l.median_seconds, l.metric, l.unit) AS latest, printf('%.9g', l.median_seconds) AS "key",
       p.words AS trend, p.points AS points, p.marks AS marks, p.figures AS figures,
       coalesce(c.verdict || iif(c.state = 'acknowledged', ', acknowledged', ''), '') AS "last change",
       'run-' || c.run || '.html' AS href, printf('%.9g', coalesce(c.ratio, 1)) AS "key", c.state AS class,
       figure_range(l.low_seconds, l.high_seconds, l.metric, l.unit) AS "95 % interval", printf('%.9g', coalesce(l.low_seconds, l.median_seconds)) AS "key",
       s.runs AS runs, s.runs AS "key",
       strftime('%Y-%m-%d %H:%M', l.started_at, 'localtime') AS newest, 'run-' || l.run || '.html' AS href, l.started_at AS "key"
  FROM temp.site_series AS s JOIN temp.site_benchmark AS b USING (benchmark) JOIN temp.site_row AS l ON l.rowid = s.latest
  JOIN main.machine AS k ON k.machine = s.machine
  LEFT JOIN temp.site_spark AS p USING (series)
  LEFT JOIN temp.site_change AS c ON c.id = s.changed
 ORDER BY CASE c.state WHEN 'regression' THEN 0 WHEN 'unconfirmed' THEN 1 WHEN 'improved' THEN 2 ELSE 3 END,
          iif(c.state IN ('regression', 'unconfirmed'), -(SELECT position FROM temp.site_run AS o WHERE o.run = c.run), 0),
          b.name, b.variant, b.benchmark, s.machine;
