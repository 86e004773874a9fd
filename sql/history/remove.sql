-- Removes the chosen runs with all that is theirs, in a transaction and without enforcement of foreign keys, which would
-- read all measurements for each that goes. Benchmarks and machines that nothing is left of go, too, but for a benchmark
-- whose threshold was set.
DELETE FROM main.sample WHERE measurement IN (SELECT measurement FROM main.measurement JOIN temp.removed USING (run));
DELETE FROM main.task WHERE measurement IN (SELECT measurement FROM main.measurement JOIN temp.removed USING (run));
DELETE FROM main.remark WHERE run IN (SELECT run FROM temp.removed);
DELETE FROM main.measurement WHERE run IN (SELECT run FROM temp.removed);
DELETE FROM main.run WHERE run IN (SELECT run FROM temp.removed);
UPDATE main.measurement SET baseline = NULL WHERE baseline NOT IN (SELECT measurement FROM main.measurement);
UPDATE main.run SET repeats = NULL WHERE repeats NOT IN (SELECT run FROM main.run);
DELETE FROM main.benchmark
 WHERE benchmark NOT IN (SELECT benchmark FROM main.measurement)
   AND benchmark NOT IN (SELECT benchmark FROM main.threshold)
   AND benchmark NOT IN (SELECT benchmark FROM main.remark WHERE benchmark IS NOT NULL);
DELETE FROM main.machine WHERE machine NOT IN (SELECT machine FROM main.run);
