-- Notes about the files: at most ten lines of each about what is left out.
SELECT CASE WHEN number > 10 THEN file || ': and ' || (whole - 10) || ' more left out'
            WHEN position IS NOT NULL THEN file || ': left out ' || path || ': expected ' || reason
            WHEN timings IS NOT NULL THEN file || ': left out ' || timings || iif(timings = 1, ' timing of ', ' timings of ') || path || ': ' || reason
            ELSE file || ': ' || path || ': ' || reason END
  FROM (SELECT *, row_number() OVER (PARTITION BY file ORDER BY rowid) AS number, count(*) OVER (PARTITION BY file) AS whole,
               min(rowid) OVER (PARTITION BY file) AS beginning
          FROM left_out)
 WHERE number <= 11 ORDER BY beginning, number;
