-- The measurements of the chosen runs, each with what is known of its run: for spreadsheets.
SELECT h.run, r.uuid, r.started_at, r.status, r.verb, r.label, r.commit_id AS "commit", r.branch, r.dirty, r.host,
       h.fingerprint AS machine, r.tool, h.benchmark, h.executor, h.workers, h.chunk, h.rounds, h.metric, h.unit, h.more_is_better, h.rows, h.median_seconds,
       h.low_seconds, h.high_seconds, h.speed_up, h.mean_seconds, h.deviation_seconds, h.mad_seconds, h.minimum_seconds,
       h.p5_seconds, h.p25_seconds, h.p75_seconds, h.p95_seconds, h.maximum_seconds, h.samples, h.outliers, h.stopped
  FROM chosen AS c JOIN run AS r USING (run) JOIN history AS h USING (run) ORDER BY r.started_at, r.run, h.position;
