'use strict';
// The crazy raise in DuckDB's SQL: the price list crossed with the rounds, two square roots each, the least of a price.
//
//     node duckdb.js THREADS PRICES ROUNDS
//
// Prints {"seconds": …, "sum": …}. Exit status 77: @duckdb/node-api is not installed.

let duckdb;
try {
  duckdb = require('@duckdb/node-api');
} catch (error) {
  console.error(`duckdb.js: ${error.message}`);
  process.exit(77);
}

const [threads, prices, rounds] = process.argv.slice(2).map(Number);

// A root of a sum that depends on the round, though only in appearance: else it would be taken once per price.
const query = `
  SELECT sum(value) FROM (
    SELECT greatest(any_value(raised), min(sqrt(sqrt(raised + raised * raised + i * 0.0)))) AS value
      FROM rounds, (SELECT id, p + p * 10 / 100 AS raised FROM prices) GROUP BY id)`;

async function main() {
  const instance = await duckdb.DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE prices AS
    SELECT i AS id, CAST(2.5 + i % 1000 * 10 AS DOUBLE) AS p FROM range(1, ${prices} + 1) AS t(i)`);
  await connection.run(`CREATE TABLE rounds AS SELECT i FROM range(${rounds}) AS t(i)`);
  const begin = process.hrtime.bigint();
  const reader = await connection.runAndReadAll(query);
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  console.log(JSON.stringify({ seconds, sum: Number(reader.getRows()[0][0]) }));
}

main().catch((error) => {
  console.error(`duckdb.js: ${error.message}`);
  process.exit(1);
});
