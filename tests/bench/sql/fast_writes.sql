-- For making the lists: a bench that is killed starts anew.
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
