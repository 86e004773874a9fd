SELECT count(*), max(s) FROM t WHERE k = 7;
