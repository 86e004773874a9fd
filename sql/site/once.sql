-- The views that the page of each run reads go through the measurements of all runs: their rows are made once and kept. A
-- view of the same name shows them, so that the queries of the pages are the same. Later views here read earlier ones.
DROP TABLE IF EXISTS temp.site_work_point;
CREATE TEMP TABLE site_work_point AS SELECT * FROM temp.work_point;
CREATE INDEX temp.site_work_point_by_run ON site_work_point(run, kind, executor);
DROP VIEW temp.work_point;
CREATE TEMP VIEW work_point AS SELECT * FROM temp.site_work_point;

DROP TABLE IF EXISTS temp.site_break_even;
CREATE TEMP TABLE site_break_even AS SELECT * FROM temp.break_even;
CREATE INDEX temp.site_break_even_by_run ON site_break_even(run, executor);
DROP VIEW temp.break_even;
CREATE TEMP VIEW break_even AS SELECT * FROM temp.site_break_even;

DROP TABLE IF EXISTS temp.site_pays_from;
CREATE TEMP TABLE site_pays_from AS SELECT * FROM temp.pays_from;
CREATE INDEX temp.site_pays_from_by_run ON site_pays_from(run);
DROP VIEW temp.pays_from;
CREATE TEMP VIEW pays_from AS SELECT * FROM temp.site_pays_from;
