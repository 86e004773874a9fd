-- The measurements of the chosen runs for people.
SELECT h.run, strftime('%Y-%m-%d', h.started_at, 'localtime') AS date, coalesce(h.label, '') AS label,
       coalesce(substr(h.commit_id, 1, 9) || iif(h.dirty, '+', ''), '') AS "commit", h.benchmark, h.variant,
       figure(h.median_seconds, h.metric, h.unit) AS median, figure_range(h.low_seconds, h.high_seconds, h.metric, h.unit) AS "95 % interval",
       times(h.speed_up) AS "speed-up", h.samples
  FROM chosen AS c JOIN history AS h USING (run) ORDER BY h.started_at, h.run, h.position;
