SELECT sum(CASE WHEN x > 7 THEN 1 ELSE 0 END), avg(length(s)) FROM t;
