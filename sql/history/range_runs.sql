SELECT run FROM temp.range_run ORDER BY run;
