'use strict';
// libsql allows loading only while it loads, so that parallel_map_load is refused; and it lets no host define functions.
// It closes a connection when the last of its statements has been collected, which is asked for here.
const fs = require('fs');
const Database = require('libsql');

require('v8').setFlagsFromString('--expose-gc');
const collect = require('vm').runInNewContext('gc');

function map(db) {
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
    try {
        db.prepare("SELECT value FROM parallel_map('goods', 'host_only(id)', 'processes', 2)").all();
    } catch (error) {
        fs.writeSync(2, `${error.message}\n`);
    }
    db.close();
}

map(new Database('shop.db'));
setImmediate(() => {
    collect();
    setImmediate(() => {
        fs.writeFileSync('closed', '');
        process.stdin.resume();
    });
});
