-- The suspected regressions, to be judged by the run ?1, which measured them once more.
SELECT j.benchmark, j.base, max(m.measurement), j.threshold, b.more_is_better
  FROM temp.judged AS j JOIN main.benchmark AS b USING (benchmark) JOIN main.measurement AS m ON m.run = ?1 AND m.benchmark = b.benchmark AND m.samples > 0
 WHERE j.verdict = 'regression' AND j.acknowledged IS NULL
 GROUP BY j.benchmark ORDER BY j.benchmark;
