-- A table for the rows of a source, which one connection writes and reads, and no other sees.
PRAGMA journal_mode = OFF;
BEGIN;
CREATE TABLE block(block INTEGER PRIMARY KEY, rowset BLOB NOT NULL);
