SELECT k, min(s), avg(x) FROM t GROUP BY k ORDER BY k;
