-- The whole run as one JSON object. Times are in seconds.
SELECT json_object(
  'run', (SELECT json_group_object(name, value) FROM fact),
  'results', (SELECT json_group_array(json_object(
      'work', work, 'what', what, 'median', median, 'low', low, 'high', high, 'samples', samples, 'unit', unit,
      'bar', coalesce(bar_text, sense || ' ' || bar), 'reached', json(iif(reached IS NULL, 'null', iif(reached, 'true', 'false'))),
      'remark', remark, 'not_measured', absent)) FROM (SELECT * FROM result ORDER BY id)),
  'timings', (SELECT json_group_array(json_object(
      'work', work, 'subject', subject, 'median', median, 'low', low, 'high', high, 'samples', samples))
      FROM (SELECT * FROM timing ORDER BY id)),
  'auto', (SELECT json_group_array(json_object(
      'cost', cost, 'rows_wanted', rows_wanted, 'rows', rows, 'plain', plain, 'serial', serial, 'threads', threads,
      'processes', processes, 'auto', auto, 'chosen', chosen, 'regret', regret, 'over_serial', over_serial, 'note', note))
      FROM (SELECT * FROM cell ORDER BY id)),
  'model', (SELECT json_group_array(json_object(
      'access', access, 'cost', cost, 'row_seconds', row_seconds, 'chunk', chunk, 'measured_at_2', measured,
      'limit_processors', limit_processors,
      'predicted', json_object('2', predicted_2, '4', predicted_4, '8', predicted_8, '16', predicted_16,
                               '32', predicted_32, '64', predicted_64, '128', predicted_128)))
      FROM (SELECT * FROM model ORDER BY id)));
