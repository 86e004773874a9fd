-- The reason why sampling ended, of a metric whose last sample has no figure. ?1 measurement, ?2 reason.
UPDATE measurement SET stopped = ?2 WHERE measurement = ?1;
