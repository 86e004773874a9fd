-- Every {shards}th price of {table}, in a database of its own.
ATTACH {database} AS whole;
CREATE TABLE prices(id INTEGER PRIMARY KEY, p REAL);
INSERT INTO prices SELECT id, p FROM whole.{table} WHERE id % {shards} = {shard};
DETACH whole;
