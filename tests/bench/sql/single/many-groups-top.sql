SELECT g, count(*) AS n, sum(x) FROM t GROUP BY g ORDER BY n DESC, g LIMIT 10;
