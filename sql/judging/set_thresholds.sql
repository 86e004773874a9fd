-- Of the chosen benchmarks. ?1 percent.
INSERT INTO threshold(benchmark, percent) SELECT benchmark, ?1 FROM temp.chosen WHERE true
    ON CONFLICT DO UPDATE SET percent = excluded.percent;
