SELECT s, sum(x), count(*) FROM t GROUP BY s ORDER BY s;
