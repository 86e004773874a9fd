CREATE VIRTUAL TABLE temp.mapped USING parallel_map(
  source = {source},
  map = (count(*) AS n, sum({map}) AS s),
  partial = 1,
  executor = {executor},
  workers = {workers}{chunk});
