SELECT min(k), max(k) FROM t;
