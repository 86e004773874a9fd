-- ?1 number, ?2 commit, ?3 subject.
INSERT INTO temp.walk_commit(number, commit_id, subject) VALUES (?1, ?2, ?3);
