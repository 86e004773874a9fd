-- The points of a series' chart: the position, from 0 at the left to 1 at the right, the figure, the run, and the figures in words. ?1 series.
WITH newest AS (
  SELECT r.*, row_number() OVER (ORDER BY r.number DESC) AS age
    FROM temp.site_series AS s JOIN temp.site_row AS r USING (benchmark, machine)
   WHERE s.series = ?1 AND r.excluded IS NULL
), shown AS (
  SELECT *, row_number() OVER (ORDER BY number) AS place, count(*) OVER () AS places FROM newest WHERE age <= 500
)
SELECT (place - 0.4) / (places + 0.2), median_seconds, run,
       figure(median_seconds, metric, unit)
       || iif(low_seconds IS NULL, '', ' (' || figure_range(low_seconds, high_seconds, metric, unit) || ')')
       || ' · run ' || run || ' · ' || strftime('%Y-%m-%d %H:%M', started_at, 'localtime')
       || coalesce(' · ' || shortened(label, 40, NULL, NULL), '') || coalesce(' · ' || substr(commit_id, 1, 9) || iif(dirty, '+', ''), '')
       || coalesce(' · ' || change || iif(ratio IS NULL, '', printf(' %+.1f %%', 100 * (ratio - 1))), '')
  FROM shown ORDER BY place;
