SELECT count(*) FROM entry WHERE position NOT IN (SELECT origin FROM timing);
