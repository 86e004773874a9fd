-- The counted samples of a measurement: seconds of one execution, or figures of a metric, in their order. ?1 measurement.
SELECT coalesce(value, wall_ns / 1e9 / loops) FROM sample WHERE measurement = ?1 AND NOT warmup ORDER BY sequence;
