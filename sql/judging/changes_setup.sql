-- Where the chosen benchmarks changed: tables and views of this connection only.
CREATE TEMP TABLE IF NOT EXISTS change(
  measurement INTEGER PRIMARY KEY, -- the first of the new level
  before REAL, after REAL,         -- means of the levels, in seconds
  p REAL, confirmed INTEGER        -- 0: the newest measurement alone, which may be a bad one
);
DELETE FROM temp.change;

-- Every measurement of the chosen benchmarks, excluded ones too.
CREATE TEMP VIEW IF NOT EXISTS history_row AS
SELECT h.*, o.place, e.reason AS excluded, a.reason AS acknowledged, c.before, c.after, c.p,
       c.after / nullif(c.before, 0) AS ratio,
       CASE WHEN c.measurement IS NULL THEN NULL WHEN NOT c.confirmed THEN 'unconfirmed'
            WHEN iif(h.more_is_better, c.after < c.before, c.after > c.before) THEN 'regression' ELSE 'improved' END AS change
  FROM temp.chosen AS s
  JOIN main.history AS h ON h.benchmark_id = s.benchmark
  JOIN temp.run_place AS o ON o.run = h.run
  LEFT JOIN main.remarked AS e ON e.measurement = h.measurement AND e.kind = 'exclude'
  LEFT JOIN main.remarked AS a ON a.measurement = h.measurement AND a.kind = 'ack'
  LEFT JOIN temp.change AS c ON c.measurement = h.measurement
 WHERE h.samples > 0;

-- Every chosen benchmark on every machine, with its newest figures and its last change.
CREATE TEMP VIEW IF NOT EXISTS overview_row AS
SELECT *, iif(changes > 0, last_run, NULL) AS changed_run, iif(changes > 0, last_ratio, NULL) AS changed_ratio
  FROM (SELECT *, row_number() OVER newest AS age,
               count(*) OVER every AS runs, count(change) OVER every AS changes, min(started_at) OVER every AS first_started_at,
               first_value(run) OVER changed AS last_run, first_value(change) OVER changed AS changed,
               first_value(ratio) OVER changed AS last_ratio
          FROM history_row WHERE excluded IS NULL
        WINDOW every AS (PARTITION BY benchmark_id, machine),
               newest AS (PARTITION BY benchmark_id, machine ORDER BY place DESC, started_at DESC, run DESC, measurement DESC),
               changed AS (PARTITION BY benchmark_id, machine ORDER BY change IS NULL, place DESC, started_at DESC, run DESC))
 WHERE age = 1;
