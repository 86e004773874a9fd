-- Schema version 4: the machines that did the tasks.
--
-- What it changes in the meaning of version 3:
--   task        rows before have no machine: they were the run's own
ALTER TABLE task ADD COLUMN host TEXT; -- machine that did the task; NULL: the run's own

PRAGMA user_version = 4;
