-- A note on what the table of the measurements leaves out; '' where nothing. ?1 run.
SELECT iif(count(*) > 500, 'The first 500 of ' || count(*) || ' measurements; pricereport show ' || ?1 || ' lists all.', '')
  FROM measurement WHERE run = ?1;
