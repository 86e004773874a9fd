-- What git knows of commits, of this connection only.
PRAGMA temp_store = MEMORY;
-- Commits of the work tree's repository. `place` counts from the newest down; `distance` that of an ancestor, NULL: none.
CREATE TEMP TABLE IF NOT EXISTS known_commit(commit_id TEXT PRIMARY KEY, place INTEGER, distance INTEGER);
DELETE FROM temp.known_commit;
CREATE TEMP TABLE IF NOT EXISTS run_place(run INTEGER PRIMARY KEY, place INTEGER NOT NULL);
DELETE FROM temp.run_place;
