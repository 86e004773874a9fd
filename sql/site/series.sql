-- The series.
SELECT series FROM temp.site_series ORDER BY series;
