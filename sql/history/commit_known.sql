-- ?1 commit, ?2 its number, the newest first.
INSERT INTO temp.known_commit(commit_id, place) VALUES (?1, -?2) ON CONFLICT DO UPDATE SET place = excluded.place;
