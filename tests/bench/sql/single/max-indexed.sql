SELECT max(k) FROM t;
