SELECT count(*) FROM t WHERE s LIKE '%77%';
