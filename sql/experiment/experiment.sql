-- The experiment as data. ?1 run.
SELECT h.run, h.benchmark AS "function", h.executor, h.workers, h.chunk, h.rows, h.rounds, h.median_seconds, h.low_seconds, h.high_seconds,
       h.speed_up, h.samples, h.outliers, p.published_seconds,
       s.published_seconds / p.published_seconds AS published_speed_up
  FROM history AS h
  LEFT JOIN published AS p ON p.benchmark = h.benchmark AND p.executor = h.executor AND h.rows = 20
                          AND coalesce(h.rounds, 200000) = 200000
  LEFT JOIN published AS s ON s.benchmark = h.benchmark AND s.executor = 'serial'
 WHERE h.run = ?1
 ORDER BY h.position;
