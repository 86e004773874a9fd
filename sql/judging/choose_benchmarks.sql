-- Chooses the benchmarks that a text means: a name, a name with its variant ('×' may be typed as 'x'), or, where that
-- is none, a pattern of GLOB for either. ?1 text.
WITH named AS (
  SELECT benchmark, name, name || iif(variant = '', '', ' ' || variant) AS whole FROM main.benchmark
), matching AS (
  SELECT benchmark, ?1 IN (name, whole, replace(whole, '×', 'x')) AS exact FROM named
   WHERE ?1 IN (name, whole, replace(whole, '×', 'x'))
      OR name GLOB ?1 OR whole GLOB ?1 OR replace(whole, '×', 'x') GLOB ?1
)
INSERT INTO temp.chosen(benchmark)
SELECT benchmark FROM matching WHERE exact = (SELECT max(exact) FROM matching)
    ON CONFLICT DO UPDATE SET benchmark = excluded.benchmark;
