SELECT count(*) FROM temp.known_commit WHERE distance IS NOT NULL;
