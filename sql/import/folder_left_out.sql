-- Files of the folder that are no JSON, and results in a folder of another machine, which asv itself ignores. ?1 the folder.
INSERT INTO left_out(file, path, reason)
SELECT ?1, p.folder || iif(p.folder = '', '', '/') || p.name, iif(json_valid(p.body), 'of another machine than machine.json names', 'no JSON') || ': left out'
  FROM part AS p LEFT JOIN part AS m ON m.folder = p.folder AND m.name = 'machine.json' AND json_valid(m.body)
 WHERE iif(json_valid(p.body), p.body ->> '$.params.machine' <> m.body ->> '$.machine', true) ORDER BY p.folder, p.name;
