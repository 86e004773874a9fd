-- A comparison for people.
SELECT benchmark, variant AS executor, coalesce(base_run, '') AS base, iif(base_median IS NULL, '', figure(base_median, metric, unit)) AS before,
       iif(median IS NULL, '', figure(median, metric, unit)) AS now, iif(ratio IS NULL, '', printf('%.3f ×', ratio)) AS ratio,
       iif(low IS NULL, '', printf('%.3f … %.3f', low, high)) AS "95 % interval",
       iif(adjusted_p IS NULL, '', printf('%.2g', adjusted_p)) AS p, verdict, coalesce(note, '') AS note
  FROM comparison_row ORDER BY position, base_run, benchmark;
