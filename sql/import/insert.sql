-- Takes the waiting file in, as one run. Its summaries are still missing then.
CREATE TEMP VIEW whence AS
-- A machine that the user named (flags: any) is that one, whatever the file says.
SELECT iif(n.named, i.processor, coalesce(h.processor, i.processor, 'unknown processor' || coalesce(' of ' || h.host, ''))) AS processor,
       CAST(iif(n.named, 0, coalesce(h.processors, i.processors, 0)) AS INTEGER) AS processors,
       iif(n.named, 'any', coalesce(h.architecture, i.architecture, 'unknown')) AS architecture, coalesce(i.memory_gib, 0) AS memory_gib,
       iif(n.named, 'any', coalesce(h.kernel, i.kernel, 'unknown')) AS kernel, coalesce(i.sqlite, 'unknown') AS sqlite,
       iif(n.named, 'any', coalesce(h.compiler, i.compiler, 'unknown')) AS compiler, iif(n.named, 'any', coalesce(h.flags, i.flags, 'unknown')) AS flags,
       iif(n.named, h.host, coalesce(h.host, i.host)) AS host
  FROM header AS h, incoming AS i, (SELECT flags IS 'any' AS named FROM incoming) AS n;

INSERT INTO machine(processor, processors, architecture, memory_gib, kernel, sqlite, compiler, flags)
SELECT processor, processors, architecture, memory_gib, kernel, sqlite, compiler, flags FROM whence WHERE true
    ON CONFLICT DO NOTHING;

INSERT INTO run(uuid, verb, started_at, finished_at, machine, host, label, commit_id, branch, dirty, tool, options,
                load_before)
SELECT i.uuid, 'import', t.at, t.at, k.machine, w.host, i.label, h.commit_id, h.branch, h.dirty, h.tool,
       json_object('file', i.file, 'rest', json(h.rest)), CAST(h.load_before AS REAL)
  FROM incoming AS i, header AS h, whence AS w
  JOIN machine AS k ON (k.processor, k.processors, k.architecture, k.memory_gib, k.kernel, k.sqlite, k.compiler, k.flags)
                     = (w.processor, w.processors, w.architecture, w.memory_gib, w.kernel, w.sqlite, w.compiler, w.flags),
       -- without a date, the file's
       (SELECT coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', h.started_at),
                        strftime('%Y-%m-%dT%H:%M:%fZ', i.modified, 'unixepoch')) AS at
          FROM header AS h, incoming AS i) AS t;

-- Benchmarks that have a name and parameters in common are distinguished by their order.
CREATE TEMP VIEW numbered AS
SELECT position, name || iif(number > 1, ' (' || number || ')', '') AS name,
       iif(number > 1, json_set(parameters, '$.occurrence', number), parameters) AS parameters
  FROM (SELECT *, row_number() OVER (PARTITION BY name, parameters ORDER BY position) AS number FROM subject);

INSERT INTO benchmark(name, parameters) SELECT name, parameters FROM numbered WHERE true ORDER BY position ON CONFLICT DO NOTHING;

INSERT INTO measurement(run, benchmark, position)
SELECT r.run, b.benchmark, s.position
  FROM numbered AS s JOIN benchmark AS b USING (name, parameters), incoming AS i JOIN run AS r USING (uuid)
 ORDER BY s.position;

-- A summary without samples is marked as such, and stays as it is.
UPDATE measurement
   SET stopped = 'summary', samples = s.samples, median_seconds = s.median, mean_seconds = s.mean,
       deviation_seconds = s.deviation, minimum_seconds = s.minimum, p25_seconds = s.p25, p75_seconds = s.p75,
       maximum_seconds = s.maximum
  FROM summary AS s, incoming AS i JOIN run AS r USING (uuid)
 WHERE measurement.run = r.run AND measurement.position = s.position;

INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns, user_ns, system_ns, peak_memory_kib, value)
SELECT m.measurement, t.sequence, t.sequence + 1, 0, t.loops, t.wall_ns, t.user_ns, t.system_ns, t.peak_memory_kib, t.value
  FROM timing AS t, incoming AS i JOIN run AS r USING (uuid) JOIN measurement AS m USING (run)
 WHERE m.position = t.position;

-- For a date that cannot be read, the note says that the file's is taken.
INSERT INTO left_out(file, path, reason)
SELECT i.file, 'the date ' || h.started_at || ' is not understood', 'the run has that of the file'
  FROM header AS h, incoming AS i WHERE h.started_at IS NOT NULL AND strftime('%s', h.started_at) IS NULL;

DROP VIEW numbered;
DROP VIEW whence;
