-- The times of hyperfine's samples, in seconds. ?1 its JSON.
SELECT value FROM json_each(?1, '$.results[0].times');
