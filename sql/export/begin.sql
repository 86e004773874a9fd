-- The runs to export.
CREATE TEMP TABLE chosen(run INTEGER PRIMARY KEY);
