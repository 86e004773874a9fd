-- The data of the chart `history`, as described at write_rows in cli/chart.c. ?1 run, whose benchmarks are followed
-- over all runs of its machine.
-- Block 0: caption. Block 1: number, name and count of series of each panel, one for each name of a benchmark.
-- Block 2: number, title and panel of each series, one for each benchmark. From block 3 on, a block for each series:
-- place on the axis, median, low, high, label of the place.
WITH followed AS (
  SELECT benchmark_id, benchmark, variant, executor, position, machine, median_seconds AS newest,
         first_value(position) OVER (PARTITION BY benchmark ORDER BY position) AS first
    FROM history WHERE run = ?1 AND median_seconds IS NOT NULL
), panel AS (
  SELECT row_number() OVER (ORDER BY first) AS panel, first, benchmark, count(*) AS series
    FROM followed GROUP BY first
), series AS (
  SELECT row_number() OVER (ORDER BY p.panel, f.position) AS series, f.*, p.panel
    FROM followed AS f JOIN panel AS p USING (first)
), point AS (
  SELECT s.series, h.run, iif(length(h.label) > 11, substr(h.label, 1, 10) || '…', h.label) AS short_label,
         h.median_seconds, h.low_seconds, h.high_seconds
    FROM series AS s JOIN history AS h ON h.benchmark_id = s.benchmark_id AND h.machine = s.machine
   WHERE h.median_seconds IS NOT NULL
), place AS (
  SELECT run, row_number() OVER (ORDER BY run) AS place, count(*) OVER () AS places
    FROM (SELECT DISTINCT run FROM point)
)
SELECT 0 AS block, k.fingerprint AS a, NULL AS b, NULL AS c, NULL AS d, NULL AS e
  FROM run AS r JOIN machine AS k USING (machine) WHERE r.run = ?1 AND EXISTS (SELECT 1 FROM point)
UNION ALL
SELECT 1, panel, substr(benchmark, 1, 60), series, NULL, NULL FROM panel
UNION ALL
SELECT 2, series, substr(variant, 1, 30) || '  ' || duration(newest), panel, NULL, NULL FROM series
UNION ALL
SELECT p.series + 2, q.place, p.median_seconds, coalesce(p.low_seconds, p.median_seconds),
       coalesce(p.high_seconds, p.median_seconds),
       -- at most eight labels fit; the newest run always has one
       iif((q.places - q.place) % ((q.places + 7) / 8) = 0, coalesce(short_label, '#' || p.run), '')
  FROM point AS p JOIN place AS q USING (run)
ORDER BY block, a;
