SELECT substr(Referer, 1, instr(substr(Referer, 9), '/') + 8) AS k, avg(length(Referer)) AS l, count(*) AS c,
       min(Referer)
  FROM hits WHERE Referer <> '' GROUP BY k HAVING count(*) > 100 ORDER BY l DESC LIMIT 25;
