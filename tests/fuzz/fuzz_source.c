/*
 * A source database that is hostile, and names parallel_map in its schema. The first byte says how it is
 * opened; then SQL that makes the database, up to a NUL; then changes of its bytes, each an offset (4 bytes),
 * a length (1 byte) and the bytes. What the database has is then mapped, serially and in threads, and read as
 * it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "host.h"
#include "input.h"

enum { ROWS = 60, FILE_MAX = 1 << 18, NAMES_MAX = 6, INPUT_MAX = 6000 };

enum { AS_ATTACHED = 1, UNTRUSTED_SCHEMA = 2, DEFENSIVE = 4, OWN_CHANGES = 8, THREADS = 16 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    host_start("/nonexistent/pricemap-worker");
    return 0;
}

static void change_bytes(const char *path, Input *input)
{
    static unsigned char bytes[FILE_MAX];
    FILE *stream = fopen(path, "r+e");
    size_t size = stream ? fread(bytes, 1, sizeof bytes, stream) : 0;
    while (!input_ended(input) && size) {
        size_t place = input_u32(input) % size, length = input_byte(input);
        input_bytes(input, bytes + place, length < size - place ? length : size - place);
    }
    if (stream) {
        rewind(stream);
        fwrite(bytes, 1, size, stream);
        fclose(stream);
    }
}

/* The names in its schema; fewer where that cannot be read. */
static int list_names(sqlite3 *db, const char *schema, char *names[NAMES_MAX])
{
    char *sql = sqlite3_mprintf("SELECT name FROM %s.sqlite_schema WHERE type IN ('table', 'view')", schema);
    sqlite3_stmt *statement;
    int count = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
        while (count < NAMES_MAX && sqlite3_step(statement) == SQLITE_ROW)
            names[count++] = sqlite3_mprintf("%s.\"%w\"", schema, sqlite3_column_text(statement, 0));
        sqlite3_finalize(statement);
    }
    sqlite3_free(sql);
    return count;
}

static void map_name(sqlite3 *db, const char *name, const char *executor)
{
    char *sql = sqlite3_mprintf(
        "SELECT key, value FROM parallel_map(%Q, '1', %Q, 2, 7);"
        "DROP TABLE IF EXISTS temp.m;"
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = (SELECT * FROM %s), map = (*),"
        " executor = %s, workers = 2);"
        "SELECT * FROM m;"
        "DROP TABLE IF EXISTS temp.n;"
        "CREATE VIRTUAL TABLE temp.n USING parallel_map(source = %s, map = (*, rowid),"
        " executor = %s, workers = 2, chunk = 3);"
        "SELECT * FROM n;",
        name, executor, name, executor, name, executor);
    /* Each by itself: an error ends a list. */
    for (char *part = sql, *end; (end = strchr(part, ';')); part = end + 1) {
        *end = '\0';
        if (strchr(name, ';') == NULL)
            host_run(db, part, ROWS);
    }
    sqlite3_free(sql);
}

/* What the file itself can have called. */
static void use_name(sqlite3 *db, const char *name)
{
    static const char *const uses[] = {"SELECT * FROM %s", "DELETE FROM %s", "INSERT INTO %s DEFAULT VALUES"};
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        char *sql = sqlite3_mprintf(uses[i], name);
        host_run(db, sql, ROWS);
        sqlite3_free(sql);
    }
}

static sqlite3 *open_database(const char *path, unsigned how)
{
    sqlite3 *db = host_open(how & AS_ATTACHED ? ":memory:" : path);
    if (how & AS_ATTACHED) {
        char *sql = sqlite3_mprintf("ATTACH %Q AS other", path);
        host_run(db, sql, 1);
        sqlite3_free(sql);
    }
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, how & UNTRUSTED_SCHEMA ? 0 : 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, how & DEFENSIVE ? 1 : 0, NULL);
    host_run(db, "PRAGMA temp_store = MEMORY; PRAGMA synchronous = OFF", 1);
    if (how & OWN_CHANGES)
        host_run(db, "BEGIN IMMEDIATE", 1);
    return db;
}

/* No statement of the file's schema may have run a map: they are direct-only. */
static void expect_no_run(sqlite3 *db, bool expected)
{
    sqlite3_stmt *statement;
    /* Where the schema cannot be read nothing can be prepared. */
    if (sqlite3_prepare_v2(db, "SELECT count(*) FROM parallel_map_runs", -1, &statement, NULL) != SQLITE_OK)
        return;
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) > 0 && !expected)
        host_finding("direct-only", "the schema of a file has run a map");
    sqlite3_finalize(statement);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input input = {data, size < INPUT_MAX ? size : INPUT_MAX};
    unsigned how = input_byte(&input);
    const char *path = host_file("hostile.db");
    size_t length;
    char *sql = input_text(&input, '\0', &length), *names[NAMES_MAX];
    if (sql)
        host_change_database(path, "PRAGMA page_size = 512; PRAGMA max_page_count = 200", sql);
    free(sql);
    if (!input_ended(&input))
        change_bytes(path, &input);
    sqlite3 *db = open_database(path, how);
    int count = list_names(db, how & AS_ATTACHED ? "other" : "main", names);
    for (int i = 0; i < count; i++)
        use_name(db, names[i]);
    expect_no_run(db, false);
    for (int i = 0; i < count; i++) {
        map_name(db, names[i], how & THREADS ? "threads" : "serial");
        sqlite3_free(names[i]);
    }
    if (!sqlite3_get_autocommit(db))
        host_run(db, "ROLLBACK", 1);
    host_close(db);
    host_remove_database(path);
    return 0;
}
