-- How many entries and timings of the file are not taken. ?1 file.
SELECT coalesce(sum(CASE WHEN position IS NOT NULL THEN 1 ELSE coalesce(timings, 0) END), 0) FROM left_out WHERE file = ?1;
