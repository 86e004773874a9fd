-- How many benchmarks have both sides.
SELECT count(*) FROM temp.judged WHERE base IS NOT NULL AND now IS NOT NULL;
