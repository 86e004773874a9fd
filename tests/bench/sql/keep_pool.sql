-- A pool has to outlive the samples of the others: a day is long enough.
SELECT parallel_map_config('idle_seconds', 86400);
