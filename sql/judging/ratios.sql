SELECT ratio FROM temp.judged WHERE ratio > 0;
