-- How many pairs have figures, and how many there are of each verdict.
SELECT count(ratio), coalesce(sum(verdict = 'regression' AND acknowledged IS NULL), 0),
       coalesce(sum(acknowledged IS NOT NULL), 0), coalesce(sum(verdict = 'improved'), 0),
       coalesce(sum(verdict = 'same'), 0), coalesce(sum(verdict = 'inconclusive'), 0),
       coalesce(sum(verdict = 'new'), 0), coalesce(sum(verdict = 'missing'), 0),
       coalesce(sum(verdict = 'excluded'), 0)
  FROM temp.judged;
