-- The means to measure a run once more: the verb to type ('' for the experiment, NULL where it was not measured
-- here), its commit, and whether its machine is ?2.
-- ?1 run, ?2 machine, ?3 processor, ?4 their number and ?5 architecture of this machine, for a run whose machine was named.
SELECT CASE verb WHEN 'experiment' THEN '' WHEN 'run' THEN 'run' WHEN 'command' THEN 'run' WHEN 'query' THEN 'run' END, commit_id, 
       machine = ?2 OR (options ->> '$.machine.processor', options ->> '$.machine.processors', options ->> '$.machine.architecture') = (?3, ?4, ?5)
  FROM run WHERE run = ?1;
