SELECT shop, max(increase_price_crazy(p)) AS most FROM sales JOIN items USING (item)
 GROUP BY shop HAVING count(*) > 10 ORDER BY most DESC, shop LIMIT 5;
