-- The change points of a series, newest first. ?1 series.
SELECT 'run ' || c.run AS "from", 'run-' || c.run || '.html' AS href, c.run AS "key",
       c.verdict || coalesce(', acknowledged: ' || c.acknowledged, '') AS change, printf('%.9g', c.ratio) AS "key", c.state AS class,
       figure(c.before, c.metric, c.unit) AS before, printf('%.9g', c.before) AS "key",
       figure(c.after, c.metric, c.unit) AS after, printf('%.9g', c.after) AS "key",
       coalesce(o.name, '') AS "commit", o.href AS href, coalesce(shortened(c.label, 40, NULL, NULL), '') AS label,
       strftime('%Y-%m-%d %H:%M', c.started_at, 'localtime') AS started, c.started_at AS "key"
  FROM temp.site_series AS s JOIN temp.site_change AS c ON c.benchmark = s.benchmark AND c.machine = s.machine
  JOIN temp.site_commit AS o USING (run)
 WHERE s.series = ?1 ORDER BY c.number DESC;
