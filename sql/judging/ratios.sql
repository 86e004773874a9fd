-- The ratios of times; those of metrics have no mean in common with them.
SELECT ratio FROM temp.judged JOIN main.benchmark USING (benchmark) WHERE ratio > 0 AND metric IS NULL;
