-- One sample. psql variables: helpers, processes beside the leader.
SET max_parallel_workers_per_gather = :helpers;
-- A short table is worth workers, too.
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SELECT 'warm', increase_price_crazy(1);
\timing on
SELECT 'sum', sum(increase_price_crazy(p)) FROM prices;
