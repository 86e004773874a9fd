-- The commits of a range with their figures, as data, oldest first.
SELECT commit_id AS "commit", subject, run, benchmark, variant, metric, unit, more_is_better, samples, median_seconds, low_seconds, high_seconds,
       ratio, ratio_low, ratio_high, adjusted_p, verdict, note
  FROM temp.walk_row ORDER BY number, position;
