-- A comparison as data. Above 1, `ratio` means slower, or more of a metric.
SELECT benchmark, variant, executor, workers, chunk, base_run, run, base_median AS base_median_seconds,
       median AS median_seconds, ratio, low AS ratio_low, high AS ratio_high, p, adjusted_p, base_samples, samples,
       round(threshold_percent, 9) AS threshold_percent, verdict, acknowledged, second_run, second_ratio,
       second_p AS second_adjusted_p, note,
       metric, unit, more_is_better
  FROM comparison_row ORDER BY position, base_run, benchmark;
