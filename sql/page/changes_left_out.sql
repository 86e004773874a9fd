-- A note on what the table of the change points leaves out; '' where nothing. ?1 run.
SELECT iif(count(*) > 100, 'The newest 100 of ' || count(*) || ' change points; pricereport history --changes lists all.', '')
  FROM history_row WHERE change IS NOT NULL AND machine = (SELECT machine FROM run WHERE run = ?1);
