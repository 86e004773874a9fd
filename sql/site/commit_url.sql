-- ?1 the address of a commit, with {commit} for its hash; NULL: none.
INSERT INTO temp.site_setting(commit_url) VALUES (?1);
