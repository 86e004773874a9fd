-- The JSON without what does not matter, by which files are distinguished; of asv's results without what is beside them.
-- ?1 text.
SELECT json(coalesce(?1 -> '$.asv', ?1));
