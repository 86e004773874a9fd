'use strict';
// The SQLite of node:sqlite is a part of Node.js, so that no worker process can load it, or the system's library.
const fs = require('fs');
const {DatabaseSync} = require('node:sqlite');

const db = new DatabaseSync('shop.db', {allowExtension: true});
db.loadExtension('build/ext/pricemap');
function write(name, sql) {
    try {
        const rows = db.prepare(sql).all();
        fs.writeFileSync(`${name}.rows`, rows.map(row => `${JSON.stringify(Object.values(row))}\n`).join(''));
    } catch (error) {
        fs.writeFileSync(`${name}.rows`, error.message);
    }
}

write('plain', db.prepare("SELECT sql FROM queries WHERE name = 'plain'").get().sql);
for (const executor of ['serial', 'threads', 'auto', 'processes']) {
    write(executor, `SELECT key, value FROM parallel_map('goods', (SELECT map FROM maps), '${executor}', 2)`);
}
db.close();
