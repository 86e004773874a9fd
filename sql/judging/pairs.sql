-- The pairs to judge.
SELECT benchmark, base, now, threshold FROM temp.judged WHERE verdict IS NULL ORDER BY benchmark;
