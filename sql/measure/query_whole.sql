-- The reason for which the newest query of this connection ran whole; no row where it was divided.
SELECT substr(reason, instr(reason, ':') + 2)
  FROM (SELECT reason, access FROM parallel_map_runs ORDER BY run DESC LIMIT 1) WHERE access = 'whole';
