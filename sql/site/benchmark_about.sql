-- The name and parameters of a benchmark, which distinguish it from others. ?1 benchmark.
SELECT about, value FROM (
  SELECT 0 AS place, 'name' AS about, name AS value FROM main.benchmark WHERE benchmark = ?1
  UNION ALL
  SELECT 1, p.key, iif(p.type IN ('array', 'object'), p.value, CAST(p.value AS TEXT))
    FROM main.benchmark AS b, json_each(b.parameters) AS p WHERE b.benchmark = ?1
  UNION ALL
  SELECT 2, 'a change counts from', printf('%g %%', coalesce((SELECT percent FROM main.threshold WHERE benchmark = ?1), 5))
) ORDER BY place;
