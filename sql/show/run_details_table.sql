-- Everything about one run but its measurements, for people; what is unknown is left out. ?1 run.
SELECT * FROM (
  SELECT field.key AS about,
         CASE field.key WHEN 'memory' THEN field.value || ' GiB' WHEN 'peak memory' THEN field.value || ' KiB'
                        ELSE field.value END AS value
    FROM run AS r JOIN machine AS k USING (machine),
         json_each(json_object(
           'run', r.run, 'what', r.verb,
           'status', r.status, 'error', r.error, 'started', datetime(r.started_at, 'localtime'),
           'finished', datetime(r.finished_at, 'localtime'), 'label', r.label,
           'commit', r.commit_id || iif(r.dirty, ' (with changes)', ''), 'branch', r.branch, 'host', r.host,
           'processor', k.processor, 'processors', nullif(k.processors, 0), 'architecture', k.architecture,
           'memory', nullif(k.memory_gib, 0), 'kernel', k.kernel, 'SQLite', k.sqlite, 'compiler', k.compiler,
           'flags', k.flags, iif(r.verb = 'import', 'measured by', 'pricereport'), r.tool, 'file', r.options ->> 'file',
           'load', iif(r.load_before IS NULL, NULL, printf('%.2f before', r.load_before)
                                                    || iif(r.load_after IS NULL, '', printf(', %.2f after', r.load_after))),
           'peak memory', r.peak_memory_kib,
           -- as a shell reads it, so that it can be typed again: a word is quoted unless every character is plain
           'command', iif(r.options -> 'arguments' IS NULL, NULL,
                          (SELECT 'pricereport' || iif(r.verb IN ('run', 'query', 'command'), ' run', '')
                                  || coalesce(group_concat(' ' || iif(value = '' OR value GLOB '*[^-+a-zA-Z0-9_./:,@%=]*',
                                                                      '''' || replace(value, '''', '''\''''') || '''', value), ''), '')
                             FROM json_each(r.options, '$.arguments'))),
           'sampling', iif(r.options -> 'warmup' IS NULL, NULL, printf('warm-up %d, ', r.options ->> 'warmup')
                              || iif(r.options ->> 'min_samples' = r.options ->> 'max_samples',
                                     printf('%d samples', r.options ->> 'min_samples') || iif(r.options ->> 'max_seconds' IS NULL, '', ', at most ' || duration(r.options ->> 'max_seconds')),
                                     printf('%d to %d samples, %s to %s, until within %g %%',
                                            r.options ->> 'min_samples', r.options ->> 'max_samples', duration(r.options ->> 'min_seconds'),
                                            iif(r.options ->> 'max_seconds' IS NULL, 'no limit', duration(r.options ->> 'max_seconds')),
                                            100 * (r.options ->> 'precision')))
                              || printf(', seed %d', r.options ->> 'seed')))) AS field
   WHERE r.run = ?1 AND field.value IS NOT NULL);
