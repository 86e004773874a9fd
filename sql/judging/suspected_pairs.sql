-- The suspected regressions, to be judged by the run ?1, which measured them once more.
SELECT j.benchmark, j.base, max(m.measurement), j.threshold
  FROM temp.judged AS j JOIN main.measurement AS m ON m.run = ?1 AND m.benchmark = j.benchmark AND m.samples > 0
 WHERE j.verdict = 'regression' AND j.acknowledged IS NULL
 GROUP BY j.benchmark ORDER BY j.benchmark;
