-- On a whole run. ?1 kind, ?2 run, ?3 reason.
INSERT INTO remark(kind, run, benchmark, reason, made_at)
VALUES (?1, ?2, NULL, ?3, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    ON CONFLICT DO UPDATE SET reason = excluded.reason, made_at = excluded.made_at;
