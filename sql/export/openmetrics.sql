-- The measurements of the chosen runs as lines of OpenMetrics: a gauge for each figure, with the time at which its run began.
-- A series is a benchmark on a machine, a host and a branch; of its runs of one moment the last counts. Runs with their
-- commits and labels are pricereport_run_info.
WITH measured AS MATERIALIZED (
  SELECT * FROM (
    SELECT h.*, r.host, r.uuid, strftime('%s', h.started_at) || substr(strftime('%f', h.started_at), 3) AS at,
           row_number() OVER (PARTITION BY h.benchmark_id, h.machine, r.host, h.branch, h.started_at ORDER BY h.run DESC, h.position DESC) AS age
      FROM chosen JOIN history AS h USING (run) JOIN run AS r USING (run) WHERE h.samples > 0 AND h.started_at IS NOT NULL)
   WHERE age = 1
), labelled AS MATERIALIZED (
  SELECT *, 'benchmark="' || label_value(benchmark) || '",benchmark_id="' || benchmark_id || '"'
            || coalesce(',executor="' || label_value(executor) || '"', '') || coalesce(',workers="' || workers || '"', '')
            || coalesce(',chunk="' || chunk || '"', '') || coalesce(',metric="' || label_value(metric) || '"', '')
            || coalesce(',unit="' || label_value(unit) || '"', '') || iif(metric IS NULL, '', ',better="' || iif(more_is_better, 'more', 'less') || '"')
            || ',machine="' || label_value(fingerprint) || '"' || coalesce(',host="' || label_value(host) || '"', '')
            || coalesce(',branch="' || label_value(branch) || '"', '') AS labels
    FROM measured
), family(number, name, unit, help) AS (
  VALUES (1, 'pricereport_median_seconds', 'seconds', 'Median time of one execution.'),
         (2, 'pricereport_low_seconds', 'seconds', 'Lower end of the 95 % interval of the median.'),
         (3, 'pricereport_high_seconds', 'seconds', 'Upper end of the 95 % interval of the median.'),
         (4, 'pricereport_metric_median', NULL, 'Median of a metric, in its unit.'),
         (5, 'pricereport_metric_low', NULL, 'Lower end of the 95 % interval of the median of a metric.'),
         (6, 'pricereport_metric_high', NULL, 'Upper end of the 95 % interval of the median of a metric.'),
         (7, 'pricereport_samples', NULL, 'Samples that were counted.'),
         (8, 'pricereport_run', NULL, 'A run.')
), figure AS (
  SELECT iif(metric IS NULL, 1, 4) AS number, labels, at, median_seconds AS value FROM labelled
  UNION ALL SELECT iif(metric IS NULL, 2, 5), labels, at, low_seconds FROM labelled
  UNION ALL SELECT iif(metric IS NULL, 3, 6), labels, at, high_seconds FROM labelled
  UNION ALL SELECT 7, labels, at, samples FROM labelled
)
SELECT line FROM (
  SELECT number, 0 AS part, '' AS labels, '' AS at, '# TYPE ' || name || iif(number = 8, ' info', ' gauge') AS line FROM family
  UNION ALL SELECT number, 1, '', '', '# UNIT ' || name || ' ' || unit FROM family WHERE unit IS NOT NULL
  UNION ALL SELECT number, 2, '', '', '# HELP ' || name || ' ' || help FROM family
  UNION ALL SELECT f.number, 3, v.labels, v.at, f.name || '{' || v.labels || '} ' || printf('%.15g', v.value) || ' ' || v.at
              FROM figure AS v JOIN family AS f USING (number) WHERE v.value IS NOT NULL
  UNION ALL SELECT 8, 3, printf('%020d', r.run), '',
                   'pricereport_run_info{run="' || r.run || '",uuid="' || label_value(r.uuid) || '",verb="' || label_value(r.verb) || '",tool="' || label_value(r.tool)
                     || '"' || coalesce(',label="' || label_value(r.label) || '"', '') || coalesce(',commit="' || label_value(r.commit_id) || '"', '')
                     || coalesce(',branch="' || label_value(r.branch) || '"', '') || coalesce(',host="' || label_value(r.host) || '"', '') || '} 1'
                     || coalesce(' ' || strftime('%s', r.started_at) || substr(strftime('%f', r.started_at), 3), '')
              FROM chosen JOIN run AS r USING (run)
  UNION ALL SELECT 9, 0, '', '', '# EOF'
) ORDER BY number, part, labels, CAST(at AS REAL);
