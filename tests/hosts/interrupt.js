'use strict';
// Interrupts maps by each executor, and long calls: SQLite 3.41 and later tells a function that it is to end. The
// statements run on libsql's own threads, and this one interrupts them.
const Database = require('libsql/promise');

// Collecting a statement would wait for the one that runs, so that nobody could interrupt that: they are kept.
const statements = [];

async function interrupted(db, name, sql) {
    const statement = await db.prepare(sql);
    statements.push(statement);
    const interrupter = setInterval(() => db.interrupt(), 20);
    try {
        await statement.all();
        console.log(name, 'came to its end');
    } catch (error) {
        console.log(name, error.code); // the text depends on how far the map was
    }
    clearInterval(interrupter);
}

async function main() {
    const db = new Database('shop.db');
    db.loadExtension('build/ext/pricemap');
    // Before the first map SQLite declares its table, and takes an interrupt in that for any other error.
    await db.exec("SELECT count(*) FROM parallel_map('prices', 'p')");
    for (const executor of ['threads', 'processes', 'auto']) {
        await interrupted(db, executor,
            `SELECT sum(value) FROM parallel_map('prices', 'increase_price_crazy(p, 10, 1000000000)', '${executor}', 2)`);
    }
    // SQLite itself looks after the last call only: that is minutes from now, where an interrupt takes milliseconds.
    const calls = Array.from({length: 100}, (_, i) => `increase_price_crazy(${i + 1}, 10, 1000000000)`);
    const begin = Date.now();
    await interrupted(db, 'calls', `SELECT ${calls.join(' + ')}`);
    console.log(Date.now() - begin < 50000 ? 'within a call' : 'after the calls');
    db.close();
}

main();
