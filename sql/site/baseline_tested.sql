-- The run of a comparison (sql/judging/setup.sql) against the measurements before it. ?1 run.
SELECT coalesce(b.short_name, c.benchmark) AS benchmark, b.page AS href, coalesce(b.variant, c.variant) AS variant,
       coalesce('run ' || x.run, '') AS baseline, 'run-' || x.run || '.html' AS href, x.run AS "key",
       iif(j.base_median IS NULL, '', figure(j.base_median, k.metric, k.unit)) AS before, iif(j.base_median IS NULL, NULL, printf('%.9g', j.base_median)) AS "key",
       iif(n.median_seconds IS NULL, '', figure(n.median_seconds, k.metric, k.unit)) AS now, printf('%.9g', n.median_seconds) AS "key",
       iif(j.ratio IS NULL, '', printf('%.3f ×', j.ratio)) AS ratio, iif(j.ratio IS NULL, NULL, printf('%.9g', j.ratio)) AS "key",
       iif(j.low IS NULL, '', printf('%.3f … %.3f', j.low, j.high)) AS "95 % interval",
       iif(j.adjusted_p IS NULL, '', printf('%.2g', j.adjusted_p)) AS p,
       j.verdict AS verdict, iif(j.acknowledged IS NULL, j.verdict, 'acknowledged') AS class, coalesce(c.note, '') AS note
  FROM temp.judged AS j JOIN main.benchmark AS k USING (benchmark)
  LEFT JOIN temp.site_benchmark AS b USING (benchmark)
  LEFT JOIN main.measurement AS x ON x.measurement = j.base
  JOIN main.measurement AS n ON n.measurement = j.now
  LEFT JOIN temp.comparison_row AS c ON c.position = n.position AND c.run = n.run
 WHERE n.samples > 0
 ORDER BY j.verdict <> 'regression', n.position LIMIT 500;
