-- In what the machines of two runs differ; NULL where it is one machine. ?1 run, ?2 run.
WITH feature AS (
  SELECT r.run, f.key, f.value
    FROM run AS r JOIN machine AS k USING (machine),
         json_each(json_object('processor', processor, 'processors', processors, 'architecture', architecture,
                               'memory', memory_gib || ' GiB', 'kernel', kernel, 'SQLite', sqlite, 'compiler', compiler,
                               'flags', flags)) AS f
)
SELECT group_concat(a.key || ' ' || a.value || ' and ' || b.value, '; ')
  FROM feature AS a JOIN feature AS b USING (key)
 WHERE a.run = ?1 AND b.run = ?2 AND a.value <> b.value;
