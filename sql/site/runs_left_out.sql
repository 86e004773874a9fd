-- How many runs there are, where the overview lists ?1 of them; else ''.
SELECT iif(count(*) > ?1, count(*), '') FROM temp.site_run;
