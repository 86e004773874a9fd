-- The machine of a series. ?1 series.
SELECT k.fingerprint FROM temp.site_series AS s JOIN main.machine AS k USING (machine) WHERE s.series = ?1;
