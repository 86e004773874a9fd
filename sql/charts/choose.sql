-- Chooses the benchmarks of a run, to find change points in their history. ?1 run, 0: all.
INSERT INTO temp.chosen(benchmark) SELECT DISTINCT benchmark FROM main.measurement WHERE run = ?1 OR ?1 = 0;
