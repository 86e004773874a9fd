INSERT INTO temp.chosen(benchmark) SELECT benchmark FROM main.benchmark;
