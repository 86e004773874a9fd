INSERT INTO model(access, cost, row_seconds, chunk, measured, limit_processors, predicted_2, predicted_4, predicted_8,
                  predicted_16, predicted_32, predicted_64, predicted_128)
  VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);
