-- How many rows there are to print. ?1 the table.
SELECT CASE ?1 WHEN 'fact' THEN (SELECT count(*) FROM fact) WHEN 'result' THEN (SELECT count(*) FROM result)
               WHEN 'cell' THEN (SELECT count(*) FROM cell) WHEN 'model' THEN (SELECT count(*) FROM model)
               WHEN 'timing' THEN (SELECT count(*) FROM timing) END;
