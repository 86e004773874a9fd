-- The counted samples of a measurement, in seconds for one execution. ?1 measurement.
SELECT wall_ns / 1e9 / loops FROM sample WHERE measurement = ?1 AND NOT warmup;
