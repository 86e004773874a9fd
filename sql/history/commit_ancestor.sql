-- ?1 commit, ?2 its distance.
INSERT INTO temp.known_commit(commit_id, distance) VALUES (?1, ?2) ON CONFLICT DO NOTHING;
