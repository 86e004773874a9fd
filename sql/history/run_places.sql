-- A run whose commit is not known comes after the newest commit that was measured before it. Runs that are passed over have none.
INSERT INTO temp.run_place(run, place)
SELECT r.run, coalesce(k.place, max(k.place) OVER (ORDER BY r.started_at, r.run ROWS UNBOUNDED PRECEDING), -1000000000)
  FROM main.run AS r LEFT JOIN temp.known_commit AS k USING (commit_id)
 WHERE r.run NOT IN (SELECT run FROM temp.passed_over);
