/*
 * The arguments of parallel_map, in both forms. The first byte says which, and over which database. Then, as
 * a function: one argument per line, as they come in order; a line that begins with '#' is bound as a number,
 * one with
 * '$' as a blob. As a table: the text between the brackets of CREATE VIRTUAL TABLE.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "host.h"
#include "input.h"

enum { ROWS = 300, WORKERS_MAX = 8, INPUT_MAX = 2000 };

enum { FORM_TABLE = 1, DATABASE_WAL = 2, DATABASE_MEMORY = 4, DATABASE_UTF16 = 8, OWN_CHANGES = 16 };

static const char schema[] =
    "CREATE TABLE prices(id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, p REAL);"
    "CREATE TABLE pairs(a, b, v BLOB, PRIMARY KEY(b, a)) WITHOUT ROWID;"
    "CREATE TABLE \"odd \"\"name\"\"\"(\"a b\" INT, rowid TEXT, made AS (\"a b\" * 2));"
    "CREATE VIEW cheap AS SELECT name, p FROM prices WHERE p < 20;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)"
    " INSERT INTO prices SELECT i * i, 'name ' || i, i * 1.5 FROM n;"
    "INSERT INTO pairs SELECT id % 7, id, zeroblob(id % 9) FROM prices;"
    "INSERT INTO \"odd \"\"name\"\"\" SELECT id, name FROM prices;";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    host_start("/nonexistent/pricemap-worker");
    for (int i = 0; i < 3; i++) {
        static const char *const files[] = {"rollback.db", "wal.db", "utf16.db"};
        static const char *const begins[] = {"", "PRAGMA journal_mode = WAL;", "PRAGMA encoding = UTF16;"};
        sqlite3 *db = host_open_plain(host_file(files[i]));
        host_setup(db, begins[i]);
        host_setup(db, schema);
        sqlite3_close(db);
    }
    return 0;
}

static sqlite3 *open_database(unsigned form)
{
    if (!(form & DATABASE_MEMORY))
        return host_open(host_file(form & DATABASE_UTF16 ? "utf16.db"
                                   : form & DATABASE_WAL ? "wal.db"
                                                         : "rollback.db"));
    sqlite3 *db = host_open(":memory:");
    host_setup(db, schema);
    return db;
}

/* Whether a text has so many workers that starting them is all that would be tested. */
static bool asks_for_many(const char *text)
{
    while (*text) {
        char *end;
        if (isdigit((unsigned char)*text) && strtoll(text, &end, 10) > WORKERS_MAX)
            return true;
        text += isdigit((unsigned char)*text) ? (size_t)(end - text) : 1;
    }
    return false;
}

static bool wants_many_workers(const char *text)
{
    const char *workers = strcasestr(text, "workers");
    return workers && asks_for_many(workers);
}

static void bind(sqlite3_stmt *statement, int place, const char *text, size_t size)
{
    if (*text == '#')
        sqlite3_bind_double(statement, place, strtod(text + 1, NULL));
    else if (*text == '$')
        sqlite3_bind_blob(statement, place, text + 1, (int)size - 1, SQLITE_TRANSIENT);
    else if (size)
        sqlite3_bind_text(statement, place, text, (int)size, SQLITE_TRANSIENT);
}

static void map_by_function(sqlite3 *db, Input *input)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, "SELECT key, value FROM parallel_map(?1, ?2, ?3, ?4, ?5)", -1, &statement,
                           NULL) != SQLITE_OK)
        host_finding("cannot prepare", sqlite3_errmsg(db));
    bool many = false;
    for (int place = 1; place <= 5; place++) {
        size_t size;
        char *text = input_text(input, '\n', &size);
        if (!text)
            break;
        if (place == 4)
            many = asks_for_many(text);
        bind(statement, place, text, size);
        free(text);
    }
    if (many)
        sqlite3_finalize(statement);
    else
        host_step(db, statement, ROWS);
}

static void map_by_table(sqlite3 *db, Input *input)
{
    size_t size;
    char *text = input_text(input, '\0', &size);
    if (text && !wants_many_workers(text)) {
        char *sql = sqlite3_mprintf("CREATE VIRTUAL TABLE temp.m USING parallel_map(%s)", text);
        host_run(db, sql, 1);
        host_run(db, "SELECT * FROM m; SELECT count(*) FROM m; SELECT * FROM m AS a, m AS b LIMIT 5;", ROWS);
        sqlite3_free(sql);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input input = {data, size < INPUT_MAX ? size : INPUT_MAX};
    unsigned form = input_byte(&input);
    sqlite3 *db = open_database(form);
    if (form & OWN_CHANGES)
        host_run(db, "BEGIN; INSERT INTO prices(p) VALUES (7)", 1);
    if (form & FORM_TABLE)
        map_by_table(db, &input);
    else
        map_by_function(db, &input);
    host_run(db, "SELECT * FROM parallel_map_runs; SELECT * FROM parallel_map_tasks", ROWS);
    if (form & OWN_CHANGES)
        host_run(db, "ROLLBACK", 1);
    host_close(db);
    return 0;
}
