-- A line on the effect of the interpreter's lock on the expensive function. ?1 run, ?2 version of Python. No row where a figure is
-- missing. `used` is the processors that threads used on average, which a busy machine does not raise: under the lock at most 1.
WITH way AS (
  SELECT m.executor, m.workers, plain.median_seconds / m.median_seconds AS speed_up,
         (SELECT 1.0 * sum(user_ns + system_ns) / sum(wall_ns) FROM sample WHERE measurement = m.measurement AND warmup = 0) AS used
    FROM history AS m
    JOIN history AS plain ON plain.run = m.run AND plain.benchmark = m.benchmark AND plain.executor = 'map'
   WHERE m.run = ?1 AND m.benchmark = 'increase_price_crazy in Python'
)
SELECT iif(max(pool.used, own.used) < 1.2, 'The lock of Python ' || ?2 || ' let one thread compute at a time: ',
           'Python ' || ?2 || ' let threads compute side by side: ')
       || printf('for the crazy raise, %d threads used %.2f processors in ThreadPoolExecutor (%s) and %.2f in pricemap (%s); ',
                 pool.workers, pool.used, times(pool.speed_up), own.used, times(own.speed_up))
       || printf('processes were %s as fast as map() in ProcessPoolExecutor and %s in pricemap.',
                 times(pools.speed_up), times(processes.speed_up))
  FROM way AS pool
  JOIN way AS own ON own.executor = 'threads'
  JOIN way AS pools ON pools.executor = 'ProcessPoolExecutor'
  JOIN way AS processes ON processes.executor = 'processes'
 WHERE pool.executor = 'ThreadPoolExecutor';
