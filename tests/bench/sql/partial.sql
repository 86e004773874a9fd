-- One row per chunk comes out.
SELECT sum(n), sum(s) FROM temp.mapped;
