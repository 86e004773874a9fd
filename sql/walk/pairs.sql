-- Neighbours among the commits that have figures, to be judged.
SELECT f.benchmark, f.base, f.measurement, 1 + coalesce(t.percent, 5.0) / 100, b.more_is_better
  FROM temp.walk_figure AS f JOIN main.benchmark AS b USING (benchmark) LEFT JOIN main.threshold AS t USING (benchmark)
 WHERE f.base_median > 0 ORDER BY f.benchmark, f.number;
