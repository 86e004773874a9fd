-- Everything about one run but its measurements, as data. ?1 run.
SELECT r.run, r.verb, r.status, r.error, r.started_at, r.finished_at, r.label, r.commit_id AS "commit", r.branch, r.dirty, r.host,
       k.processor, k.processors, k.architecture, k.memory_gib, k.kernel, k.sqlite, k.compiler, k.flags, r.tool,
       r.load_before, r.load_after, r.peak_memory_kib, r.uuid, r.options AS options_json
  FROM run AS r JOIN machine AS k USING (machine) WHERE r.run = ?1;
