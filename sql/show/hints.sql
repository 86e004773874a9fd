-- Hints on a run of commands, one a row: executions so short that the start of the shell is much of them, and first ones that found cold
-- caches. ?1 run, ?2 1: a shell starts the commands.
WITH timed AS (
  SELECT m.measurement, m.position, b.name, m.samples, m.median_seconds FROM measurement AS m JOIN benchmark AS b USING (benchmark)
   WHERE m.run = ?1 AND b.metric IS NULL AND m.samples >= 5
), execution AS (
  SELECT t.name, t.position, s.warmup, s.wall_ns / 1e9 / s.loops AS seconds, row_number() OVER (PARTITION BY measurement ORDER BY s.sequence) AS number
    FROM timed AS t JOIN sample AS s USING (measurement)
), cold AS (
  SELECT name, position, max(iif(number = 1, warmup, 0)) AS warmup, max(iif(number = 1, seconds, 0)) AS first, max(iif(number > 1, seconds, 0)) AS other
    FROM execution GROUP BY position
), short AS (
  SELECT name, count(*) OVER () AS names, row_number() OVER (ORDER BY position) AS number FROM timed WHERE ?2 AND median_seconds < 0.005
)
SELECT '''' || name || '''' || iif(names > 1, ' and ' || (names - 1) || ' more', '')
       || ' took less than 5 ms, much of which is the start of the shell: -N starts programs themselves.' AS hint, 0 AS place
  FROM short WHERE number = 1
UNION ALL
SELECT 'The first execution of ''' || name || ''' took ' || duration(first) || ', and none after it more than ' || duration(other)
       || ': its caches were cold. ' || iif(warmup, '', '-w 1 leaves it out; ')
       || '--prepare TEXT, with a command that empties them, times that each time.', 1 + position
  FROM cold WHERE first > 1.5 * other AND first > other + 0.001
ORDER BY 2;
