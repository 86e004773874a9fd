-- What each form of increase_price_crazy answers to a probe, ?1: pricemap's own their version.
SELECT increase_price_crazy(?1), increase_price_crazy(?1, 0), increase_price_crazy(?1, 0, 1)
