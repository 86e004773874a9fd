-- Where each executor begins to pay, between measured points. ?1 run.
SELECT executor, CAST(round(rows) AS INTEGER) AS rows, duration(cost) AS "from a cost of a row",
       duration(work) AS "which is serial work of"
  FROM break_even WHERE run = ?1 ORDER BY executor DESC, rows, cost;
