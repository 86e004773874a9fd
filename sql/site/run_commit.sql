-- The commit of a run in words. ?1 run.
SELECT 'commit ' || commit_id || iif(dirty, ' with changes', '') || coalesce(', branch ' || shortened(branch, 60, NULL, NULL), '') FROM main.run WHERE run = ?1;
