-- ?1 uuid of the run.
SELECT m.measurement FROM measurement AS m JOIN run AS r USING (run) WHERE r.uuid = ?1 AND m.stopped IS NULL ORDER BY m.position;
