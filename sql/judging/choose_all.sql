-- Every benchmark that was ever timed, or has a threshold.
INSERT INTO temp.chosen(benchmark)
SELECT benchmark FROM main.benchmark AS b
 WHERE EXISTS (SELECT 1 FROM main.measurement AS m WHERE m.benchmark = b.benchmark AND m.samples > 0)
    OR benchmark IN (SELECT benchmark FROM main.threshold);
