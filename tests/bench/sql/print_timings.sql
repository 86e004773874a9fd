SELECT work, subject, duration(median) AS median, duration_range(low, high) AS "95 % interval", samples
  FROM timing ORDER BY id;
