-- The answer of each form of increase_price to a probe, ?1: pricemap's own give their version.
SELECT increase_price(?1), increase_price(?1, 0)
