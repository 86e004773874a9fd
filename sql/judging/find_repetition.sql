-- The newest finished run that measured the run ?1 once more.
SELECT run FROM run WHERE repeats = ?1 AND status = 'finished' ORDER BY run DESC LIMIT 1;
