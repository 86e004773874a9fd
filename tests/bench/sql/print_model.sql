SELECT access, cost AS "cost per row", CAST(chunk AS INTEGER) AS "rows per chunk", fine_times(measured) AS "measured at 2",
       fine_times(predicted_2) AS "2", fine_times(predicted_4) AS "4", fine_times(predicted_8) AS "8",
       fine_times(predicted_16) AS "16", fine_times(predicted_32) AS "32", fine_times(predicted_64) AS "64",
       fine_times(predicted_128) AS "128", CAST(limit_processors AS INTEGER) AS "host full at"
  FROM model ORDER BY id;
