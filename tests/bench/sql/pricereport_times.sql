-- The times of the samples of a history's only run, in seconds.
SELECT wall_ns / 1e9 / loops FROM sample WHERE NOT warmup ORDER BY sequence;
