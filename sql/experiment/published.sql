-- Figures of the published experiment (Python, 2016), in seconds.
CREATE TEMP VIEW IF NOT EXISTS published(benchmark, executor, published_seconds) AS
  VALUES ('increase_price', 'serial', 0.000022),
         ('increase_price', 'threads', 0.001646),
         ('increase_price', 'processes', 0.016269),
         ('increase_price_crazy', 'serial', 4.10181),
         ('increase_price_crazy', 'threads', 4.566346),
         ('increase_price_crazy', 'processes', 2.082025);
