-- A sentence for each benchmark whose median changed by its threshold: the commit of its largest change, of a certain one if there is one.
WITH changed AS (
  SELECT f.*, x.ratio, x.low, x.high, x.verdict, x.needed, x.verdict IN ('regression', 'improved') AS certain,
         row_number() OVER (PARTITION BY f.benchmark ORDER BY x.verdict IN ('regression', 'improved') DESC, max(x.ratio, 1 / x.ratio) DESC) AS rank
    FROM temp.walk_figure AS f JOIN temp.walk_change AS x USING (measurement) LEFT JOIN main.threshold AS t ON t.benchmark = f.benchmark
   WHERE x.ratio > 0 AND max(x.ratio, 1 / x.ratio) >= 1 + coalesce(t.percent, 5.0) / 100
)
SELECT 'Largest change of ''' || b.name || iif(b.metric IS NULL, '', ' ' || b.metric) || ''': '
       || printf('%+.1f %%', 100 * (c.ratio - 1)) || iif(c.low IS NULL, '', printf(' (%.3f … %.3f ×)', c.low, c.high)) || ', '
       || CASE WHEN c.certain THEN c.verdict WHEN c.needed > 0 THEN 'not certain before there are ' || c.needed || ' samples of each commit (-r ' || c.needed || ')'
               ELSE 'not certain, more samples may tell' END
       || ', in ' || substr(c.commit_id, 1, 9) || ' ' || c.subject
       || CASE (SELECT count(*) FROM temp.walk_commit AS w WHERE w.number > c.base_number AND w.number < c.number)
            WHEN 0 THEN '' WHEN 1 THEN ', or in the commit before it, which has no figures'
            ELSE ', or in one of the ' || (c.number - c.base_number - 1) || ' commits before it, which have no figures' END
  FROM changed AS c JOIN main.benchmark AS b ON b.benchmark = c.benchmark
 WHERE c.rank = 1 ORDER BY c.position;
