-- Each benchmark of a run beside another measurement of it, chosen for it alone: the one before ('previous'), or the
-- best of all others with at least 6 samples and a figure above 0 ('best'); those of the run's own machine come first, and those of a run
-- that failed not at all. Where git knows the run's commit (temp.known_commit), the one before is of the nearest ancestor,
-- however late that was measured, and never of a commit that git knows to be none.
-- ?1 run, ?2 'previous' or 'best', ?3 1: also other machines, ?4 1: the run is the base.
WITH own AS (
  SELECT m.benchmark, m.measurement, r.run, r.started_at, r.machine, coalesce(r.repeats, r.run) AS origin
    FROM main.measurement AS m JOIN main.run AS r USING (run) WHERE m.run = ?1
), candidate AS (
  SELECT v.*, k.distance, k.commit_id IS NULL AS stray
    FROM main.valid AS v JOIN main.run AS r ON r.run = v.run LEFT JOIN temp.known_commit AS k ON k.commit_id = r.commit_id
   WHERE v.run = v.origin AND r.error IS NULL AND v.run NOT IN (SELECT run FROM temp.passed_over) AND v.benchmark IN (SELECT benchmark FROM own)
), paired AS (
  SELECT o.benchmark, o.measurement, v.measurement AS other,
         row_number() OVER (PARTITION BY o.benchmark
                            ORDER BY v.machine <> o.machine, iif(?2 = 'best', 0, coalesce(v.distance, 1000000000)),
                                     iif(?2 = 'best', iif(b.more_is_better, -v.median_seconds, v.median_seconds), 0),
                                     v.started_at DESC, v.run DESC) AS place
    FROM own AS o JOIN main.benchmark AS b ON b.benchmark = o.benchmark
    LEFT JOIN candidate AS v
           ON v.benchmark = o.benchmark AND v.origin <> o.origin AND (v.machine = o.machine OR ?3)
              AND iif(?2 = 'best', v.samples >= 6 AND v.median_seconds > 0,
                      v.distance > 0 OR (v.started_at, v.run) < (o.started_at, o.run) AND (v.stray OR v.distance = 0))
)
INSERT INTO temp.judged(benchmark, base, now)
SELECT benchmark, iif(?4, measurement, other), iif(?4, other, measurement) FROM paired WHERE place = 1;
