-- The runs from the number ?1 to the number ?2.
INSERT INTO temp.range_run(run)
SELECT run FROM main.run WHERE run BETWEEN ?1 AND ?2 AND run NOT IN (SELECT run FROM temp.passed_over);
