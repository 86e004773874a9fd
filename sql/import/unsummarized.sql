-- ?1 uuid of the run.
SELECT m.measurement FROM measurement AS m JOIN run AS r USING (run) WHERE r.uuid = ?1 ORDER BY m.position;
