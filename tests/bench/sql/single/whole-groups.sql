SELECT id, sum(x) FROM t GROUP BY id HAVING sum(x) > 142857;
