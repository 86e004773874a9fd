-- The newest 30 runs are detailed, and so is ?1. Drawn are the newest 5 of those that have the newest figures of a series, and ?1; 0: none.
UPDATE temp.site_run SET detailed = run = ?1 OR run IN (SELECT run FROM temp.site_run ORDER BY position DESC LIMIT 30),
       drawn = run = ?1 OR run IN (SELECT run FROM (SELECT DISTINCT r.run, o.position FROM temp.site_series AS s JOIN temp.site_row AS r ON r.rowid = s.latest
                                                      JOIN temp.site_run AS o ON o.run = r.run)
                                    ORDER BY position DESC LIMIT 5);
