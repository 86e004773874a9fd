UPDATE measurement
   SET samples = ?2, rows = ?3, stopped = ?4, median_seconds = ?5, low_seconds = ?6, high_seconds = ?7,
       mean_seconds = ?8, deviation_seconds = ?9, mad_seconds = ?10, minimum_seconds = ?11, p5_seconds = ?12,
       p25_seconds = ?13, p75_seconds = ?14, p95_seconds = ?15, maximum_seconds = ?16, outliers = ?17
 WHERE measurement = ?1;
