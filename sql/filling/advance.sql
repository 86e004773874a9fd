-- The table ?1 has ?2 rows more, up to the key ?3; ?4 is the fingerprint of the source up to there.
UPDATE main.pricereport_into SET rows = rows + ?2, last_key = ?3, fingerprint = ?4, changed_at = strftime('%Y-%m-%dT%H:%M:%SZ')
 WHERE name = ?1;
