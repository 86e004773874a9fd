-- Passes over the runs that were not chosen.
INSERT INTO temp.passed_over(run) SELECT run FROM main.run WHERE run NOT IN (SELECT run FROM temp.chosen) ON CONFLICT DO NOTHING;
