SELECT year, sum(increase_price_crazy(id)), count(*) FROM sales GROUP BY year ORDER BY year;
