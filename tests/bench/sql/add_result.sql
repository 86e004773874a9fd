INSERT INTO result(work, what, median, low, high, samples, unit, sense, bar, bar_text, reached, remark, absent)
  VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);
