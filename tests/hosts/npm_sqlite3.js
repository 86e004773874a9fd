'use strict';
// The SQLite of npm's sqlite3 is in a plug-in that needs Node.js, which no worker process has.
const fs = require('fs');
const sqlite3 = require('sqlite3');

const db = new sqlite3.Database('shop.db');
const map = '(SELECT map FROM maps)';
db.serialize(() => {
    db.loadExtension('build/ext/pricemap');
    db.all("SELECT sql FROM queries WHERE name = 'plain'", (error, [{sql}]) => {
        const write = name => (failure, rows) =>
            fs.writeFileSync(`${name}.rows`,
                failure ? failure.message : rows.map(row => `${JSON.stringify(Object.values(row))}\n`).join(''));
        db.serialize(() => {
            db.all(sql, write('plain'));
            for (const executor of ['serial', 'threads', 'auto', 'processes']) {
                db.all(`SELECT key, value FROM parallel_map('goods', ${map}, '${executor}', 2)`, write(executor));
            }
            db.close();
        });
    });
});
