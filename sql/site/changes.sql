-- The newest 50 change points of all series.
SELECT b.short_name AS benchmark, b.page AS href, b.variant AS variant,
       iif((SELECT count(DISTINCT machine) FROM temp.site_series) > 1, c.machine, '') AS machine,
       'run ' || c.run AS "from", 'run-' || c.run || '.html' AS href,
       coalesce(shortened(c.label, 40, NULL, NULL), '') AS label, coalesce(o.name, '') AS "commit", o.href AS href,
       figure(c.before, c.metric, c.unit) AS before, printf('%.9g', c.before) AS "key",
       figure(c.after, c.metric, c.unit) AS after, printf('%.9g', c.after) AS "key",
       c.verdict || coalesce(', acknowledged: ' || c.acknowledged, '') AS change, printf('%.9g', c.ratio) AS "key", c.state AS class
  FROM temp.site_change AS c JOIN temp.site_benchmark AS b USING (benchmark) JOIN temp.site_run AS r USING (run)
  JOIN temp.site_commit AS o USING (run)
 ORDER BY r.position DESC, b.name, b.variant, b.benchmark LIMIT 50;
