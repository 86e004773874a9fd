-- The outcome of each file, for people.
SELECT file, tool, run, iif(outcome = 'known', 'known: it was there already', outcome) AS outcome, benchmarks, samples,
       left_out AS "left out"
  FROM outcome ORDER BY rowid;
