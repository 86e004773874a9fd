-- Deletes the remarks on the chosen benchmarks of a run; where none is chosen, every one on the run. ?1 kind, ?2 run.
DELETE FROM remark
 WHERE kind = ?1 AND run = ?2
   AND (NOT EXISTS (SELECT 1 FROM temp.chosen) OR benchmark IN (SELECT benchmark FROM temp.chosen));
