SELECT category, sum(increase_price_crazy(p)), avg(p) FROM sales JOIN items USING (item)
 WHERE year >= 2015 GROUP BY category ORDER BY category;
