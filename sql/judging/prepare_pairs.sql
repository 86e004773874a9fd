-- What is known of the pairs before they are judged. ?1 the threshold in percent where the history has no other.
WITH known AS (
  SELECT j.benchmark, 1 + coalesce(t.percent, ?1) / 100 AS threshold,
         (SELECT x.reason FROM main.remarked AS x
           WHERE x.kind = 'exclude' AND x.measurement IN (j.base, j.now)) AS excluded
    FROM temp.judged AS j LEFT JOIN main.threshold AS t USING (benchmark)
)
UPDATE temp.judged
   SET threshold = k.threshold, excluded = k.excluded,
       verdict = CASE WHEN k.excluded IS NOT NULL THEN 'excluded' WHEN base IS NULL THEN 'new' WHEN now IS NULL THEN 'missing' END
  FROM known AS k WHERE k.benchmark = judged.benchmark;
