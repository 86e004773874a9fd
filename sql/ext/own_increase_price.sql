-- What each form of increase_price answers to a probe, ?1: pricemap's own their version.
SELECT increase_price(?1), increase_price(?1, 0)
