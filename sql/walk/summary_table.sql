-- The commits of a range with their figures, for people, oldest first.
SELECT substr(commit_id, 1, 9) AS "commit", shortened(subject, 40, NULL, NULL) AS subject, coalesce(run, '') AS run,
       coalesce(benchmark || iif(coalesce(variant, '') = '', '', ' ' || variant), '') AS benchmark,
       iif(median_seconds IS NULL, '', figure(median_seconds, metric, unit)) AS median,
       iif(low_seconds IS NULL, '', figure_range(low_seconds, high_seconds, metric, unit)) AS "95 % interval",
       iif(ratio IS NULL, '', printf('%+.1f %%', 100 * (ratio - 1))) AS change,
       coalesce(iif(verdict IN ('regression', 'improved'), verdict || iif(note IS NULL, '', ', '), ''), '') || coalesce(note, '') AS note
  FROM temp.walk_row ORDER BY number, position;
