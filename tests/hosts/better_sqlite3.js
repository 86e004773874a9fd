'use strict';
// better-sqlite3 allows loading only while it loads, so that parallel_map_load is refused.
const fs = require('fs');

const db = new (require('better-sqlite3'))('shop.db');
db.loadExtension('build/ext/pricemap');
for (const {name, sql} of db.prepare('SELECT name, sql FROM queries WHERE NOT loads ORDER BY id').all()) {
    if (name === 'killed') {
        fs.readFileSync('go');
    }
    const file = fs.openSync(`${name}.rows`, 'w');
    for (const row of db.prepare(sql).raw().iterate()) {
        fs.writeSync(file, `${JSON.stringify(row)}\n`);
    }
    fs.closeSync(file);
}

db.function('host_only', value => value);
if (db.prepare('SELECT host_only(7)').pluck().get() !== 7) {
    process.exit(1);
}
try {
    db.prepare("SELECT value FROM parallel_map('goods', 'host_only(id)', 'processes', 2)").all();
} catch (error) {
    fs.writeSync(2, `${error.message}\n`);
}

db.close();
fs.writeFileSync('closed', '');
process.stdin.resume();
