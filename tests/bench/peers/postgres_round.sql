-- One sample. psql variables: helpers, processes beside the leader.
SET max_parallel_workers_per_gather = :helpers;
SELECT 'warm', increase_price_crazy(1);
\timing on
SELECT 'sum', sum(increase_price_crazy(p)) FROM prices;
