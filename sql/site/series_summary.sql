-- The newest figures of a series, and how they came about, as sentences. ?1 series.
SELECT 'newest: ' || figure(r.median_seconds, r.metric, r.unit)
       || iif(r.low_seconds IS NULL, '', ' (' || figure_range(r.low_seconds, r.high_seconds, r.metric, r.unit) || ')')
       || ', run ' || r.run || ' of ' || strftime('%Y-%m-%d %H:%M', r.started_at, 'localtime')
       || iif(r.excluded IS NULL, '', ', excluded')
  FROM temp.site_series AS s JOIN temp.site_row AS r ON r.rowid = s.latest WHERE s.series = ?1
UNION ALL
SELECT s.runs || iif(s.runs = 1, ' measurement', ' measurements') || ', ' || s.changes || iif(s.changes = 1, ' change point', ' change points')
  FROM temp.site_series AS s WHERE s.series = ?1
UNION ALL
SELECT 'last change: ' || c.verdict || ' in run ' || c.run || coalesce(', acknowledged: ' || c.acknowledged, '')
  FROM temp.site_series AS s JOIN temp.site_change AS c ON c.id = s.changed WHERE s.series = ?1;
