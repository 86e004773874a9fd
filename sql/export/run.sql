-- Everything about one run but its measurements. ?1 run.
SELECT r.run, r.uuid, r.verb, r.status, r.error, r.started_at, r.finished_at, r.label, r.commit_id AS "commit", r.branch,
       r.dirty, r.host, k.processor, k.processors, k.architecture, k.memory_gib, k.kernel, k.sqlite, k.compiler, k.flags,
       r.tool, r.load_before, r.load_after, r.peak_memory_kib,
       (SELECT uuid FROM run AS o WHERE o.run = r.repeats) AS repeats, r.options AS options_json,
       (SELECT json_group_array(json_object('kind', m.kind, 'reason', m.reason, 'made_at', m.made_at, 'benchmark', b.name,
                                            'parameters', json(b.parameters)))
          FROM remark AS m LEFT JOIN benchmark AS b USING (benchmark) WHERE m.run = r.run) AS remarks_json
  FROM run AS r JOIN machine AS k USING (machine) WHERE r.run = ?1;
