SELECT count(*) FROM t a JOIN t b ON b.id = a.g;
