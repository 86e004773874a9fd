-- The benchmarks of two runs side by side. ?1 the run that is the base, ?2 the other.
INSERT INTO temp.judged(benchmark, base, now)
SELECT benchmark, max(CASE WHEN run = ?1 THEN measurement END), max(CASE WHEN run = ?2 THEN measurement END)
  FROM main.measurement WHERE run IN (?1, ?2) GROUP BY benchmark;
