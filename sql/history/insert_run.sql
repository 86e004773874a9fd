INSERT INTO run(uuid, verb, started_at, machine, host, label, commit_id, branch, dirty, tool, options, load_before,
                repeats)
VALUES (lower(hex(randomblob(16))), ?1, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
RETURNING run;
