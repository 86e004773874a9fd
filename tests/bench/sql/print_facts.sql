SELECT name AS machine, value AS "of this run" FROM fact ORDER BY rowid;
