-- How many runs are not passed over.
SELECT count(*) FROM main.run WHERE run NOT IN (SELECT run FROM temp.passed_over);
