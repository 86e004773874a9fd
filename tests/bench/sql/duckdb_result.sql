-- What duckdb.js printed (?1).
SELECT json_extract(?1, '$.seconds'), json_extract(?1, '$.sum');
