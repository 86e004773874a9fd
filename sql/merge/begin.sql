-- The outcome of each file.
CREATE TEMP TABLE outcome(file TEXT, runs INTEGER, new_runs INTEGER, new_samples INTEGER);
