-- The runs of a range of commits (temp.range_commit).
INSERT INTO temp.range_run(run)
SELECT run FROM main.run WHERE commit_id IN (SELECT commit_id FROM temp.range_commit) AND run NOT IN (SELECT run FROM temp.passed_over);
