-- Whether a run measured maps or a query, by executors; others measured commands, or what another tool did. ?1 run.
SELECT verb NOT IN ('command', 'import') FROM run WHERE run = ?1;
