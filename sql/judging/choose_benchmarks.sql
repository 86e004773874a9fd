-- Chooses the benchmarks that a text means: a name, a name with its variant ('×' may be typed as 'x'), or, where that
-- is none, a pattern of GLOB for either. What was never timed, as a command that could not be started, is none; a
-- threshold can be taken back all the same. ?1 text.
WITH named AS (
  SELECT benchmark, name, name || iif(variant = '', '', ' ' || variant) AS whole FROM main.benchmark AS b
   WHERE EXISTS (SELECT 1 FROM main.measurement AS m WHERE m.benchmark = b.benchmark AND m.samples > 0)
      OR benchmark IN (SELECT benchmark FROM main.threshold)
), matching AS (
  SELECT benchmark, ?1 IN (name, whole, replace(whole, '×', 'x')) AS exact FROM named
   WHERE ?1 IN (name, whole, replace(whole, '×', 'x'))
      OR name GLOB ?1 OR whole GLOB ?1 OR replace(whole, '×', 'x') GLOB ?1
)
INSERT INTO temp.chosen(benchmark)
SELECT benchmark FROM matching WHERE exact = (SELECT max(exact) FROM matching)
    ON CONFLICT DO UPDATE SET benchmark = excluded.benchmark;
