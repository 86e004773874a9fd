-- The data of a series' chart, as described at chart_data_write in cli/report/chart_data.h: the newest 500 measurements
-- that were not excluded. ?1 series.
-- Block 0: caption, note on what is left out, 1 and the unit of a metric, least and greatest value of the axis. Block 1:
-- position, median, low, high, label of the position, label of a change.
WITH newest AS (
  SELECT r.*, row_number() OVER (ORDER BY r.number DESC) AS age, count(*) OVER () AS points
    FROM temp.site_series AS s JOIN temp.site_row AS r USING (benchmark, machine)
   WHERE s.series = ?1 AND r.excluded IS NULL
), shown AS (
  SELECT *, row_number() OVER (ORDER BY number) AS place, count(*) OVER () AS places FROM newest WHERE age <= 500
), range AS (
  SELECT min(coalesce(low_seconds, median_seconds)) AS low, max(coalesce(high_seconds, median_seconds)) AS high, max(points) AS points,
         max(places) AS places, max(metric IS NOT NULL) AS other, coalesce(max(unit), '') AS unit FROM shown
)
SELECT 0 AS block, iif(points > places, 'the newest ' || places || ' of ' || points || ' measurements', '') AS a, other AS b, replace(unit, '%', '%%') AS c,
       iif(low > 0, max(0, low - 0.15 * (high - low) - 0.02 * high), low - 0.15 * (high - low) - 0.04 * abs(high)) AS d,
       high + 0.15 * (high - low) + 0.02 * abs(high) + iif(high = 0 AND low = 0, 1e-9, 0) AS e, places AS f
  FROM range WHERE places > 0
UNION ALL
SELECT 1, place, median_seconds, coalesce(low_seconds, median_seconds), coalesce(high_seconds, median_seconds),
       iif((places - place) % ((places + 7) / 8) = 0,
           shortened(coalesce(label, substr(commit_id, 1, 7) || iif(dirty, '+', ''), '#' || run), 11, NULL, NULL), ''),
       CASE WHEN change = 'unconfirmed' THEN '?' WHEN change IS NOT NULL THEN printf('%+.0f %%', 100 * (ratio - 1)) ELSE '' END
  FROM shown
ORDER BY block, a;
