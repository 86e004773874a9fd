-- The runs to prune, each of which history/remove_choose.sql takes: those that started more than ?2 days ago (NULL: at any time) and that
-- no benchmark has among its newest ?1 measurements on that machine (NULL: however new). What failed, was excluded or has
-- no samples does not count among the newest. Runs that are unfinished or acknowledged stay, unless ?3 is 1.
SELECT r.run
  FROM run AS r
 WHERE r.repeats IS NULL
   AND (?2 IS NULL OR julianday(r.started_at) < julianday('now') - ?2)
   AND (?1 IS NULL OR r.run NOT IN (
         SELECT run FROM (SELECT v.run, row_number() OVER (PARTITION BY v.benchmark, v.machine
                                                           ORDER BY v.started_at DESC, v.run DESC) AS place
                            FROM valid AS v JOIN run AS f USING (run)
                           WHERE v.run = v.origin AND f.error IS NULL)
          WHERE place <= ?1))
   AND (?3 OR r.status <> 'unfinished'
              AND NOT EXISTS (SELECT 1 FROM remark AS x WHERE x.kind = 'ack' AND x.run = r.run))
 ORDER BY r.run;
