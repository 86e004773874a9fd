-- The database that every host of these tests opens, and the queries that it runs. A host writes the rows of each
-- query, in a form of its own, to the file NAME.rows; test_hosts.c compares these files.
CREATE TABLE prices(id INTEGER PRIMARY KEY, p);
INSERT INTO prices WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 20) SELECT i, i * 42.5 FROM n;

CREATE TABLE goods(id INTEGER PRIMARY KEY, v);
INSERT INTO goods WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    SELECT i, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN i WHEN 2 THEN i / 7.0 WHEN 3 THEN 'name ''' || i || ''''
        ELSE CAST(i || x'ff00' AS BLOB) END FROM n;

CREATE TABLE maps(map TEXT);
INSERT INTO maps VALUES('CASE WHEN typeof(v) = ''real'' THEN increase_price_crazy(v, 10, 2000) ELSE v END');

-- loads: needs a host that keeps the loading of extensions enabled after it loaded pricemap.
CREATE TABLE queries(id INTEGER PRIMARY KEY, name TEXT, loads INTEGER, sql TEXT);
INSERT INTO queries(name, loads, sql) VALUES
    ('plain', 0, 'SELECT id, CASE WHEN typeof(v) = ''real'' THEN increase_price_crazy(v, 10, 2000) ELSE v END FROM goods'),
    ('threads', 0, 'SELECT key, value FROM parallel_map(''goods'', (SELECT map FROM maps), ''threads'', 2, 10)'),
    ('processes', 0, 'SELECT key, value FROM parallel_map(''goods'', (SELECT map FROM maps), ''processes'', 2, 10)'),
    -- Before this one the host waits at the file "go", and during it the worker with row 7 is killed: more rounds take
    -- longer and give the same.
    ('killed', 0, 'SELECT key, value FROM parallel_map(''goods'','
        || ' (SELECT replace(map, ''2000'', ''iif(id = 7, 500000000, 2000)'') FROM maps), ''processes'', 2, 10)'),
    ('auto', 0, 'SELECT key, value FROM parallel_map(''goods'', (SELECT map FROM maps))'),
    -- Some hosts begin a query twice: only maps that came to their end are named.
    ('runs', 0, 'SELECT ''maps: '' || group_concat(iif(rows_out = 400, requested, NULL), '', '')'
        || ' || iif(sum(retries), ''; retried'', '''') || iif(count(error), ''; errors'', '''') || ''.'' FROM parallel_map_runs'),
    ('load', 1, 'SELECT parallel_map_load(''./tiny_extension'')'),
    ('loaded_threads', 1, 'SELECT ''sum: '' || sum(value) FROM parallel_map(''goods'', ''tiny_double(id)'', ''threads'', 2)'),
    ('loaded_processes', 1,
        'SELECT ''sum: '' || sum(value) FROM parallel_map(''goods'', ''tiny_double(id)'', ''processes'', 2)');
