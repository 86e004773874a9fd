-- Every row of the map comes out, and is added up by the host.
SELECT count(*), {total} FROM temp.mapped;
