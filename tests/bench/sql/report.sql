-- What one run of the bench found, in memory.
CREATE TABLE fact(name TEXT PRIMARY KEY, value);
CREATE TABLE result(
  id INTEGER PRIMARY KEY, work TEXT, what TEXT,
  median REAL, low REAL, high REAL, samples INTEGER, -- what was measured, in `unit`, with its 95 % interval
  unit TEXT CHECK(unit IN ('times', 'seconds', 'fraction', 'count')),
  sense TEXT CHECK(sense IN ('>=', '<=')), bar REAL, -- NULL: no bar, or one that `bar_text` tells
  bar_text TEXT, reached INTEGER, remark TEXT,
  absent TEXT); -- in words, why nothing was measured
CREATE TABLE timing(
  id INTEGER PRIMARY KEY, work TEXT, subject TEXT, median REAL, low REAL, high REAL, samples INTEGER);
CREATE TABLE cell(
  id INTEGER PRIMARY KEY, cost TEXT, rows_wanted INTEGER, rows INTEGER,
  plain REAL, serial REAL, threads REAL, processes REAL, auto REAL, -- seconds
  chosen TEXT, regret REAL, over_serial REAL, note TEXT);
CREATE TABLE model(
  id INTEGER PRIMARY KEY, access TEXT, cost TEXT, row_seconds REAL, chunk REAL, measured REAL, limit_processors REAL,
  predicted_2 REAL, predicted_4 REAL, predicted_8 REAL, predicted_16 REAL, predicted_32 REAL, predicted_64 REAL,
  predicted_128 REAL);
