CREATE VIRTUAL TABLE temp.mapped USING parallel_map(
  source = {source},
  map = ({map} AS v),
  executor = {executor},
  workers = {workers}{chunk});
