SELECT cost AS "cost per row", coalesce(rows, rows_wanted) AS rows, duration(plain) AS "plain SELECT",
       duration(serial) AS serial, duration(threads) AS threads, duration(processes) AS processes,
       duration(auto) AS auto, coalesce(chosen, '') AS "auto took", percent(regret) AS regret,
       percent(over_serial) AS "over serial", coalesce(note, '') AS note
  FROM cell ORDER BY id;
