-- Facts about the pairs before they are judged. A base that took 0 s has no ratio; a summary without its samples
-- has one, but nothing to test it by.
-- ?1 the threshold in percent where the history has no other.
WITH known AS (
  SELECT j.benchmark, 1 + coalesce(t.percent, ?1) / 100 AS threshold,
         (SELECT x.reason FROM main.remarked AS x
           WHERE x.kind = 'exclude' AND x.measurement IN (j.base, j.now)) AS excluded,
         x.median_seconds AS base_median, n.median_seconds AS median,
         n.median_seconds / nullif(x.median_seconds, 0) AS ratio, -- NULL where a side is missing, too
         x.median_seconds = 0 OR 'summary' IN (coalesce(x.stopped, ''), coalesce(n.stopped, '')) AS untested
    FROM temp.judged AS j LEFT JOIN main.threshold AS t USING (benchmark)
    LEFT JOIN main.measurement AS x ON x.measurement = j.base
    LEFT JOIN main.measurement AS n ON n.measurement = j.now
)
UPDATE temp.judged
   SET threshold = k.threshold, excluded = k.excluded,
       verdict = CASE WHEN k.excluded IS NOT NULL THEN 'excluded' WHEN base IS NULL THEN 'new' WHEN now IS NULL THEN 'missing'
                      WHEN k.untested THEN 'inconclusive' END,
       base_median = iif(k.untested, k.base_median, NULL), median = iif(k.untested, k.median, NULL),
       ratio = iif(k.untested AND k.excluded IS NULL, k.ratio, NULL)
  FROM known AS k WHERE k.benchmark = judged.benchmark;
