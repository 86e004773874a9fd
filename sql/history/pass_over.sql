-- Passes over the runs that are not of the commits of temp.range_commit.
-- ?1 the branch, by whose recorded name a run counts whose commit git does not know (temp.known_commit); NULL: none.
INSERT INTO temp.passed_over(run)
SELECT run FROM main.run
 WHERE coalesce(commit_id, '') NOT IN (SELECT commit_id FROM temp.range_commit)
   AND (branch IS NOT ?1 OR ?1 IS NULL OR coalesce(commit_id, '') IN (SELECT commit_id FROM temp.known_commit))
    ON CONFLICT DO NOTHING;
