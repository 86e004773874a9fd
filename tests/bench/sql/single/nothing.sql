SELECT sum(x) FROM t WHERE id < 0;
