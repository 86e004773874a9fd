-- Rows that say who began with them, and when, and then take long; one row a task.
-- ?1 the file that is written to, ?2 rounds, ?3 rows, ?4 workers.
SELECT count(value), sum(value)
  FROM parallel_map(printf('SELECT p FROM published WHERE p > 0 LIMIT %d', ?3),
                    printf('iif(note_process(%Q), increase_price_crazy(p, 10, %d), NULL)', ?1, ?2), 'processes', ?4, 1);
