DELETE FROM threshold WHERE benchmark IN (SELECT benchmark FROM temp.chosen);
