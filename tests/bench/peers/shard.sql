SELECT count(*), sum(increase_price_crazy(p)) FROM prices;
