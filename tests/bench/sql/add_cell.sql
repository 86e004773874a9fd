INSERT INTO cell(cost, rows_wanted, rows, plain, serial, threads, processes, auto, chosen, regret, over_serial, note)
  VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);
