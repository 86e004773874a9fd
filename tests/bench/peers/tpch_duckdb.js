'use strict';
// The queries of TPC-H in DuckDB, with one thread and with several, in rounds side by side.
//
//     node tpch_duckdb.js DATA SCHEMA QUERIES THREADS ROUNDS
//
// DATA has a CSV file for each table of the schema. Prints, for each query, its rows and a line per sample:
// "01 rows 4", "01 one Time: 12.5 ms", "01 all Time: 7.1 ms". Exit status 77: @duckdb/node-api is not installed.

const fs = require('fs');
const path = require('path');

let duckdb;
try {
  duckdb = require('@duckdb/node-api');
} catch (error) {
  console.error(`tpch_duckdb.js: ${error.message}`);
  process.exit(77);
}

const [data, schema, queries] = process.argv.slice(2);
const [threads, rounds] = process.argv.slice(5).map(Number);

// The functions of dates that the queries call; DuckDB reserves the name date.
const functions = [
  `CREATE MACRO shifted_date(day, shift) AS
     CAST(CAST(CAST(day AS DATE) + CAST(ltrim(shift, '+') AS INTERVAL) AS DATE) AS VARCHAR)`,
  `CREATE MACRO strftime(format, day) AS CAST(year(CAST(day AS DATE)) AS VARCHAR)`,
];
const translated = (sql) => sql.replace(/\bdate\(/g, 'shifted_date(').replace(/\bLIKE\b/g, 'ILIKE');

async function load(connection) {
  for (const sql of functions) await connection.run(sql);
  await connection.run(fs.readFileSync(schema, 'utf8'));
  for (const file of fs.readdirSync(data).filter((name) => name.endsWith('.csv')))
    await connection.run(
      `COPY ${path.basename(file, '.csv')} FROM '${path.join(data, file)}' (FORMAT csv, HEADER false)`);
}

async function sample(connection, sql, name, kind) {
  await connection.run(`SET threads = ${kind === 'one' ? 1 : threads}`);
  const begin = process.hrtime.bigint();
  const rows = (await connection.runAndReadAll(sql)).currentRowCount;
  const milliseconds = Number(process.hrtime.bigint() - begin) / 1e6;
  return { rows, line: `${name} ${kind} Time: ${milliseconds.toFixed(4)} ms` };
}

async function main() {
  const instance = await duckdb.DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await load(connection);
  for (const file of fs.readdirSync(queries).sort()) {
    const name = path.basename(file, '.sql');
    const sql = translated(fs.readFileSync(path.join(queries, file), 'utf8'));
    console.log(`${name} rows ${(await sample(connection, sql, name, 'all')).rows}`);
    for (let round = 0; round < rounds; round++)
      for (const kind of round % 2 ? ['one', 'all'] : ['all', 'one'])
        console.log((await sample(connection, sql, name, kind)).line);
  }
}

main().catch((error) => {
  console.error(`tpch_duckdb.js: ${error.message}`);
  process.exit(1);
});
