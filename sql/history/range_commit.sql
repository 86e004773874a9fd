-- ?1 commit.
INSERT INTO temp.range_commit(commit_id) VALUES (?1) ON CONFLICT DO NOTHING;
