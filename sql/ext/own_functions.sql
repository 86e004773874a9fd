-- Whether the price functions of this connection are pricemap's own: those answer a probe, ?1, with their version, ?2.
SELECT increase_price(?1) IS ?2 AND increase_price(?1, 0) IS ?2 AND increase_price_crazy(?1) IS ?2
    AND increase_price_crazy(?1, 0) IS ?2 AND increase_price_crazy(?1, 0, 1) IS ?2
