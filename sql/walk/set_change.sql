-- Parameters as in judging/set_judgement.sql.
INSERT INTO temp.walk_change(benchmark, measurement, ratio, low, high, adjusted_p, verdict, needed) VALUES (?1, ?2, ?5, ?6, ?7, ?9, ?10, ?11);
