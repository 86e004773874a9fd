-- Each benchmark of a run beside another measurement of it, chosen for it alone: the one before ('previous'), or the
-- best of all others with at least 6 samples and a time above 0 ('best'); those of the run's own machine come first, and those of a run
-- that failed not at all.
-- ?1 run, ?2 'previous' or 'best', ?3 1: also other machines, ?4 1: the run is the base.
WITH own AS (
  SELECT m.benchmark, m.measurement, r.run, r.started_at, r.machine, coalesce(r.repeats, r.run) AS origin
    FROM main.measurement AS m JOIN main.run AS r USING (run) WHERE m.run = ?1
), paired AS (
  SELECT o.benchmark, o.measurement, v.measurement AS other,
         row_number() OVER (PARTITION BY o.benchmark
                            ORDER BY v.machine <> o.machine, iif(?2 = 'best', iif(b.more_is_better, -v.median_seconds, v.median_seconds), 0), v.started_at DESC,
                                     v.run DESC) AS place
    FROM own AS o JOIN main.benchmark AS b ON b.benchmark = o.benchmark
    LEFT JOIN main.valid AS v
           ON v.benchmark = o.benchmark AND v.run = v.origin AND v.origin <> o.origin AND (v.machine = o.machine OR ?3)
              AND NOT EXISTS (SELECT 1 FROM main.run AS f WHERE f.run = v.run AND f.error IS NOT NULL)
              AND iif(?2 = 'best', v.samples >= 6 AND v.median_seconds > 0, (v.started_at, v.run) < (o.started_at, o.run))
)
INSERT INTO temp.judged(benchmark, base, now)
SELECT benchmark, iif(?4, measurement, other), iif(?4, other, measurement) FROM paired WHERE place = 1;
