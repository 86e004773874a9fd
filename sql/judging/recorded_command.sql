-- The means to measure a run once more: the verb to type ('' for the experiment, NULL where it was not measured
-- here), its commit, and whether its machine is ?2.
-- ?1 run, ?2 machine.
SELECT CASE verb WHEN 'experiment' THEN '' WHEN 'run' THEN 'run' WHEN 'command' THEN 'run' WHEN 'query' THEN 'run' END, commit_id, machine = ?2
  FROM run WHERE run = ?1;
