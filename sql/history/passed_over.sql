-- The runs that a call is not about (cli/history/run_selection.h), and those that a range names, of this connection only.
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE passed_over(run INTEGER PRIMARY KEY);
CREATE TEMP TABLE range_run(run INTEGER PRIMARY KEY);
CREATE TEMP TABLE range_commit(commit_id TEXT PRIMARY KEY);
