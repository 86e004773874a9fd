-- ?1 file, ?2 seconds since 1970 when it was changed, ?3 its text, ?4 uuid of its run, ?5 label, ?6 1 where commands that
-- failed were timed, too.
INSERT INTO incoming(file, modified, body, uuid, label, ignore_failure) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
