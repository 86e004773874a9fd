-- The answer of each form of increase_price_crazy to a probe, ?1: pricemap's own give their version.
SELECT increase_price_crazy(?1), increase_price_crazy(?1, 0), increase_price_crazy(?1, 0, 1)
