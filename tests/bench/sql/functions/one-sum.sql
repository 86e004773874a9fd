SELECT sum(increase_price_crazy(id)) FROM sales;
