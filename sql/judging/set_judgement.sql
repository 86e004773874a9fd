-- ?1 benchmark, ?2 measurement, ?3 its median, ?4 that of the base, ?5 ratio, ?6 and ?7 its interval, ?8 p,
-- ?9 adjusted p, ?10 verdict, ?11 samples needed.
UPDATE temp.judged
   SET median = ?3, base_median = ?4, ratio = ?5, low = ?6, high = ?7, p = ?8, adjusted_p = ?9, verdict = ?10, needed = ?11
 WHERE benchmark = ?1 AND now = ?2;
