-- The results in a folder: one row, file, modified, text, for each run. Of criterion all benchmarks are one, of asv each file
-- is; what else is in machine.json and benchmarks.json beside and above it goes with it. ?1 the folder.
WITH parsed AS MATERIALIZED (
  SELECT folder, name, modified, iif(json_valid(body), json(body), NULL) AS body FROM part
), units AS MATERIALIZED (
  SELECT p.folder, json_group_object(b.key, b.value ->> '$.unit') AS units
    FROM parsed AS p, json_each(p.body) AS b WHERE p.name = 'benchmarks.json' AND b.type = 'object' GROUP BY p.folder
), beside AS MATERIALIZED (
  SELECT folder, iif(folder = '', '..', rtrim(rtrim(folder, replace(folder, '/', '')), '/')) AS above, body FROM parsed WHERE name = 'machine.json'
)
SELECT ?1 AS file, max(modified) AS modified,
       json_object('criterion', json_group_array(json_object(
         'folder', iif(folder = 'new', 'benchmark', substr(folder, 1, length(folder) - 4)), 'benchmark', json(benchmark),
         'sample', json(sample), 'estimates', json(estimates)))) AS text
  FROM (SELECT folder, max(modified) AS modified, max(body) FILTER (WHERE name = 'benchmark.json') AS benchmark,
               max(body) FILTER (WHERE name = 'sample.json') AS sample, max(body) FILTER (WHERE name = 'estimates.json') AS estimates
          FROM parsed WHERE folder = 'new' OR folder GLOB '*/new' GROUP BY folder ORDER BY folder)
HAVING count(*) > 0
UNION ALL
SELECT ?1 || '/' || p.folder || iif(p.folder = '', '', '/') || p.name, p.modified,
       json_object('asv', json(p.body), 'machine', json(b.body), 'units', json(u.units))
  FROM parsed AS p LEFT JOIN beside AS b USING (folder) LEFT JOIN units AS u ON u.folder = b.above
 WHERE json_type(p.body, '$.results') = 'object' AND json_type(p.body, '$.commit_hash') = 'text'
   AND p.name NOT IN ('machine.json', 'benchmarks.json')
   AND coalesce(p.body ->> '$.params.machine' = b.body ->> '$.machine', true)
 ORDER BY 1;
