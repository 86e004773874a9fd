-- ?1 uuid.
SELECT run FROM run WHERE uuid = ?1;
