WITH shown AS (
  SELECT *,
         CASE unit WHEN 'times' THEN fine_times(median) WHEN 'fraction' THEN percent(median)
                   WHEN 'count' THEN printf('%d', median) ELSE duration(median) END AS figure,
         CASE unit WHEN 'times' THEN replace(fine_times(low), ' ×', '') || ' … ' || fine_times(high)
                   WHEN 'fraction' THEN replace(percent(low), ' %', '') || ' … ' || percent(high)
                   ELSE duration_range(low, high) END AS range,
         CASE unit WHEN 'times' THEN fine_times(bar) WHEN 'fraction' THEN percent(bar)
                   WHEN 'count' THEN printf('%d', bar) ELSE duration(bar) END AS limit_text
    FROM result)
SELECT work || ': ' || what AS work,
       coalesce(absent, figure || iif(low IS NULL, '', ' (' || range || ')') || coalesce(', ' || remark, ''))
         AS measured,
       coalesce(bar_text, CASE sense WHEN '>=' THEN '≥ ' WHEN '<=' THEN '≤ ' END || limit_text, '') AS bar,
       CASE reached WHEN 1 THEN 'yes' WHEN 0 THEN 'no' ELSE '' END AS reached
  FROM shown ORDER BY id;
