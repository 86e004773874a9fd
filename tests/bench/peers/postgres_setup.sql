-- psql variables: library, the module without its ending; prices, their number; helpers, processes beside the leader.
CREATE FUNCTION increase_price_crazy(price float8) RETURNS float8
  AS :'library' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000;

-- Processes take the table page by page: nearly empty pages let them end together.
CREATE TABLE prices(id integer PRIMARY KEY, p float8 NOT NULL) WITH (fillfactor = 10);
INSERT INTO prices SELECT i, 2.5 + i % 1000 * 10 FROM generate_series(1, :prices) AS i;
ALTER TABLE prices SET (parallel_workers = :helpers);
VACUUM ANALYZE prices;
