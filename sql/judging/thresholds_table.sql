-- The thresholds that were set, for people.
SELECT b.name AS benchmark, b.variant AS executor, printf('%g %%', t.percent) AS threshold
  FROM threshold AS t JOIN benchmark AS b USING (benchmark) ORDER BY b.name, b.variant;
