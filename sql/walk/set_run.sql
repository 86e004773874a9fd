-- ?1 number of the commit, ?2 run, ?3 1 where the run was there before.
UPDATE temp.walk_commit SET run = ?2, known = ?3 WHERE number = ?1;
