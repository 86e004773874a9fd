-- Whether a run is the experiment in SQL; the one in Python has benchmarks of other names. ?1 run.
SELECT verb = 'experiment' AND EXISTS (SELECT 1 FROM history WHERE run = ?1 AND benchmark IN ('increase_price', 'increase_price_crazy'))
  FROM run WHERE run = ?1;
