-- The chosen runs, oldest first.
SELECT run FROM chosen JOIN run USING (run) ORDER BY started_at, run;
