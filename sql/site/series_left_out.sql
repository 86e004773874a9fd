-- A note on what the table of a series leaves out; '' where nothing. ?1 series.
SELECT iif(runs > 1000, 'The newest 1000 of ' || runs || ' measurements; pricereport history lists all.', '')
  FROM temp.site_series WHERE series = ?1;
