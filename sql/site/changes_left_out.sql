-- A note on what the table of the change points leaves out; '' where nothing.
SELECT iif(count(*) > 50, 'The newest 50 of ' || count(*) || ' change points; the pages of the benchmarks have all.', '')
  FROM temp.site_change;
