-- A regression is acknowledged where, after the base and not after the run judged, a user acknowledged a change of
-- the benchmark on this machine; the newest such run has the level that is accepted, give or take the threshold.
UPDATE temp.judged
   SET acknowledged = (
     SELECT reason FROM (
       SELECT a.reason, m.median_seconds AS level
         FROM main.remarked AS a
         JOIN main.measurement AS m USING (measurement)
         JOIN main.run AS r ON r.run = m.run
         JOIN main.measurement AS mn ON mn.measurement = judged.now
         JOIN main.run AS n ON n.run = mn.run
         JOIN main.measurement AS mb ON mb.measurement = judged.base
         JOIN main.run AS b ON b.run = mb.run
        WHERE a.kind = 'ack' AND a.benchmark = judged.benchmark AND r.machine = n.machine
          AND (r.started_at, r.run) > (b.started_at, b.run) AND (r.started_at, r.run) <= (n.started_at, n.run)
        ORDER BY r.started_at DESC, r.run DESC LIMIT 1)
      WHERE iif((SELECT more_is_better FROM main.benchmark AS k WHERE k.benchmark = judged.benchmark),
                judged.median * judged.threshold > level, judged.median < level * judged.threshold))
 WHERE verdict = 'regression';
