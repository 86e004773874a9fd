-- The series of a benchmark, that with the newest figures first. ?1 benchmark.
SELECT s.series FROM temp.site_series AS s JOIN temp.site_row AS r ON r.rowid = s.latest JOIN temp.site_run AS o ON o.run = r.run
 WHERE s.benchmark = ?1 ORDER BY o.position DESC;
