-- The counter, the user and the hashes that the queries look for: a tenth of the hits, and one of 5000.
UPDATE hits SET CounterID = 62 WHERE rowid % 10 = 3;
UPDATE hits SET CounterID = 62, UserID = 435090932899640449, TraficSourceID = 6, RefererHash = 3594120000172545465,
  URLHash = 2868770270353813622 WHERE rowid % 5000 = 1;
