-- The runs that are chosen to be removed, of this connection only, with what is printed of them when they are gone.
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE removed(
  run        INTEGER PRIMARY KEY,
  started_at TEXT NOT NULL,
  status     TEXT NOT NULL,
  label      TEXT,
  commit_id  TEXT,
  benchmarks INTEGER NOT NULL,
  samples    INTEGER NOT NULL
);
