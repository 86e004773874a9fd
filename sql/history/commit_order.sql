-- Commits as git has them, of this connection only.
PRAGMA temp_store = MEMORY;
-- Commits of the repository, numbered from the newest down; `distance` is that of an ancestor, NULL: none.
CREATE TEMP TABLE IF NOT EXISTS known_commit(commit_id TEXT PRIMARY KEY, place INTEGER, distance INTEGER);
DELETE FROM temp.known_commit;
CREATE TEMP TABLE IF NOT EXISTS run_place(run INTEGER PRIMARY KEY, place INTEGER NOT NULL);
DELETE FROM temp.run_place;
