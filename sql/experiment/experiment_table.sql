-- The experiment in its published shape, for people. ?1 run.
SELECT h.benchmark AS "function", h.variant AS executor, duration(h.median_seconds) AS median,
       duration_range(h.low_seconds, h.high_seconds) AS "95 % interval", times(h.speed_up) AS "speed-up",
       duration(p.published_seconds) AS "published (Python, 2016)",
       times(s.published_seconds / p.published_seconds) AS "its speed-up"
  FROM history AS h
  LEFT JOIN published AS p ON p.benchmark = h.benchmark AND p.executor = h.executor AND h.rows = 20
                          AND coalesce(h.rounds, 200000) = 200000
  LEFT JOIN published AS s ON s.benchmark = h.benchmark AND s.executor = 'serial'
 WHERE h.run = ?1
 ORDER BY h.position;
