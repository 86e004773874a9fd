// Bun's SQLite is a part of the program, so that no worker process can load it.
import {Database} from 'bun:sqlite';
import {writeFileSync} from 'fs';

const db = new Database('shop.db');
db.loadExtension('build/ext/pricemap');
function write(name, sql) {
    try {
        writeFileSync(`${name}.rows`, db.query(sql).values().map(row => `${JSON.stringify(row)}\n`).join(''));
    } catch (error) {
        writeFileSync(`${name}.rows`, error.message);
    }
}

write('plain', db.query("SELECT sql FROM queries WHERE name = 'plain'").values()[0][0]);
for (const executor of ['serial', 'threads', 'auto', 'processes']) {
    write(executor, `SELECT key, value FROM parallel_map('goods', (SELECT map FROM maps), '${executor}', 2)`);
}
db.close();
