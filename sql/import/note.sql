-- The outcome of a file that is in the history now. ?1 file, ?2 tool, ?3 uuid, ?4 outcome, ?5 what was left out.
INSERT INTO outcome(file, tool, run, outcome, benchmarks, samples, left_out)
SELECT ?1, ?2, r.run, ?4, count(m.run), coalesce(sum(m.samples), 0), ?5
  FROM run AS r LEFT JOIN measurement AS m ON m.run = r.run WHERE r.uuid = ?3 GROUP BY r.run;
