-- The tables that --into fills, and how far each is; and the rows of one batch, before they are committed.
CREATE TABLE IF NOT EXISTS main.pricereport_into(
  name TEXT PRIMARY KEY COLLATE NOCASE,
  source TEXT NOT NULL,
  map TEXT NOT NULL,
  rows INTEGER NOT NULL,     -- rows of the table
  last_key INTEGER,          -- the greatest key of them
  fingerprint INTEGER,       -- of the source's columns and of its rows up to that key
  started_at TEXT NOT NULL,
  changed_at TEXT NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS batch(key INTEGER PRIMARY KEY, value);
