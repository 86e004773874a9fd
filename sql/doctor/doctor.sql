-- The findings of pricereport doctor. `advice` is NULL where there is nothing to do.
SELECT "check", state, found, advice FROM finding ORDER BY place;
