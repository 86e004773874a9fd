SELECT v FROM temp.mapped;
