-- Figures of the published experiment (Python, 2016), in seconds; in Python they stand beside either way of the same kind.
CREATE TEMP VIEW IF NOT EXISTS published(benchmark, executor, published_seconds) AS
  WITH figure(benchmark, executor, pythons, published_seconds) AS (
    VALUES ('increase_price', 'serial', 'map', 0.000022),
           ('increase_price', 'threads', 'ThreadPoolExecutor', 0.001646),
           ('increase_price', 'processes', 'ProcessPoolExecutor', 0.016269),
           ('increase_price_crazy', 'serial', 'map', 4.10181),
           ('increase_price_crazy', 'threads', 'ThreadPoolExecutor', 4.566346),
           ('increase_price_crazy', 'processes', 'ProcessPoolExecutor', 2.082025))
  SELECT benchmark, executor, published_seconds FROM figure
  UNION ALL SELECT benchmark || ' in Python', executor, published_seconds FROM figure
  UNION ALL SELECT benchmark || ' in Python', pythons, published_seconds FROM figure;
