-- From which change on a benchmark has changed, in thousandths of a percent. ?1 benchmark.
SELECT CAST(1000 * percent AS INTEGER) FROM threshold WHERE benchmark = ?1;
