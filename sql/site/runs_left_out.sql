-- How many runs there are, where the overview does not list all; else ''.
SELECT iif(count(*) > 25, count(*), '') FROM temp.site_run;
