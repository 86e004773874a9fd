-- The functions of dates that the queries of TPC-H call, in PostgreSQL.
CREATE FUNCTION date(day text, shift text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN to_char(day::date + shift::interval, 'YYYY-MM-DD');
CREATE FUNCTION strftime(format text, day text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN substr(day, 1, 4);

-- Whether the plan of a query has parts that several processes execute: 1 or 0.
CREATE FUNCTION is_parallel(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
    IF line LIKE '%Gather%' THEN RETURN 1; END IF;
  END LOOP;
  RETURN 0;
END $$;
