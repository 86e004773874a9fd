-- The newest 1000 measurements of a series, newest first. ?1 series.
SELECT 'run ' || r.run AS run, 'run-' || r.run || '.html' AS href, r.run AS "key",
       figure(r.median_seconds, r.metric, r.unit) AS median, printf('%.9g', r.median_seconds) AS "key",
       coalesce(c.verdict, '') AS change, iif(r.excluded IS NOT NULL, 'excluded', c.state) AS class,
       figure_range(r.low_seconds, r.high_seconds, r.metric, r.unit) AS "95 % interval",
       printf('%.9g', coalesce(r.low_seconds, r.median_seconds)) AS "key", r.samples AS samples, r.samples AS "key",
       coalesce(o.name, '') AS "commit", o.href AS href, coalesce(shortened(r.label, 40, NULL, NULL), '') AS label,
       strftime('%Y-%m-%d %H:%M', r.started_at, 'localtime') AS started, r.started_at AS "key",
       coalesce('excluded: ' || r.excluded || iif(r.acknowledged IS NULL, '', ', '), '')
       || coalesce('acknowledged: ' || r.acknowledged, '')
       || iif(r.status = 'finished', '', iif(r.excluded IS NULL AND r.acknowledged IS NULL, '', ', ') || 'the run is ' || r.status) AS note
  FROM temp.site_series AS s JOIN temp.site_row AS r USING (benchmark, machine)
  JOIN temp.site_commit AS o USING (run)
  LEFT JOIN temp.site_change AS c ON c.id = r.rowid
 WHERE s.series = ?1 ORDER BY r.number DESC LIMIT 1000;
