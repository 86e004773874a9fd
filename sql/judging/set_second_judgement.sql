-- A regression stays one only if it is there again. Parameters as in set_judgement.sql.
UPDATE temp.judged
   SET second = ?2, second_ratio = ?5, second_p = ?9, verdict = iif(?10 = 'regression', 'regression', 'inconclusive')
 WHERE benchmark = ?1;
