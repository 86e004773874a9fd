-- A note on a run whose machine had other work when it began: more than a quarter of each processor. No row where
-- it was quiet, or where the system does not say. ?1 run.
SELECT printf('The machine was busy: load average %.2f on %d processors when the run began; pricereport doctor says more.',
              r.load_before, coalesce(r.options ->> '$.machine.processors', k.processors))
  FROM run AS r JOIN machine AS k USING (machine)
 WHERE r.run = ?1 AND r.load_before > 0.25 * coalesce(r.options ->> '$.machine.processors', k.processors);
