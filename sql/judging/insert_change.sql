-- ?1 measurement, ?2 level before, ?3 level from it on, ?4 p, ?5 1 where it is confirmed.
INSERT INTO temp.change(measurement, before, after, p, confirmed) VALUES (?1, ?2, ?3, ?4, ?5);
