-- The pairs to judge.
SELECT benchmark, base, now, threshold, more_is_better FROM temp.judged JOIN main.benchmark USING (benchmark) WHERE verdict IS NULL ORDER BY benchmark;
