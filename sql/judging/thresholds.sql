-- The thresholds that were set, as data.
SELECT b.name AS benchmark, b.variant, t.percent FROM threshold AS t JOIN benchmark AS b USING (benchmark)
 ORDER BY b.name, b.variant;
