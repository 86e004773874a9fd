-- The medians of a run, each with the position of its benchmark. ?1 run.
SELECT w.position, m.median_seconds
  FROM temp.walk_benchmark AS w JOIN measurement AS m ON m.run = ?1 AND m.benchmark = w.benchmark WHERE m.samples > 0;
