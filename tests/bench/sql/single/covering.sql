SELECT k, sum(x) FROM t GROUP BY k;
