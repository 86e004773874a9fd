#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "ext/base/clock.h"
#include "tests/support/map_test.h"

__attribute__((format(printf, 3, 4))) static void fail_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    print_error("%s\n", message ? message : "out of memory");
    sqlite3_free(message);
    _fail(file, line);
}

sqlite3 *map_test_open(const MapTest *test, const char *path)
{
    sqlite3 *db = sql_test_open_file(path);
    map_test_run(db, "SELECT parallel_map_config('executor', %Q), parallel_map_config('workers', %d)",
                 test->executor, MAP_TEST_WORKERS);
    return db;
}

int map_test_setup(void **state)
{
    MapTest *test = calloc(1, sizeof *test);
    assert_non_null(test);
    test->executor = *state;
    strcpy(test->folder, "/tmp/pricemap-sql-XXXXXX");
    assert_non_null(mkdtemp(test->folder));
    leftovers_mark();
    test->before = leftovers_look();
    test->db = map_test_open(test, ":memory:");
    *state = test;
    return 0;
}

static void remove_folder(const MapTest *test)
{
    DIR *folder = opendir(test->folder);
    assert_non_null(folder);
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        char *path = map_test_path(test, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
        sqlite3_free(path);
    }
    closedir(folder);
    assert_int_equal(rmdir(test->folder), 0);
}

int map_test_teardown(void **state)
{
    MapTest *test = *state;
    remove_folder(test);
    if (sqlite3_close(test->db) != SQLITE_OK) {
        /* The test has failed before: let the next begin with a clean process. */
        sqlite3_close_v2(test->db);
        fail_at(__FILE__, __LINE__, "the connection has open statements");
    }
    leftovers_check(&test->before);
    free(test);
    return 0;
}

char *map_test_path(const MapTest *test, const char *name)
{
    char *path = sqlite3_mprintf("%s/%s", test->folder, name);
    assert_non_null(path);
    return path;
}

void map_test_run_at(sqlite3 *db, const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    assert_non_null(sql);
    sql_test_run_at(db, sql, file, line);
    sqlite3_free(sql);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql, const char *file, int line)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_at(file, line, "%s\n    %s", sql, sqlite3_errmsg(db));
    return statement;
}

static int same_value(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
    int type = sqlite3_column_type(a, column);
    if (type != sqlite3_column_type(b, column))
        return 0;
    if (type == SQLITE_NULL)
        return 1;
    if (type == SQLITE_INTEGER)
        return sqlite3_column_int64(a, column) == sqlite3_column_int64(b, column);
    if (type == SQLITE_FLOAT) {
        double x = sqlite3_column_double(a, column), y = sqlite3_column_double(b, column);
        return !memcmp(&x, &y, sizeof x);
    }
    const void *x = sqlite3_column_blob(a, column), *y = sqlite3_column_blob(b, column);
    int size = sqlite3_column_bytes(a, column);
    return size == sqlite3_column_bytes(b, column) && (!size || !memcmp(x, y, (size_t)size));
}

/* A value as a failure shows it; to be freed. */
static char *show(sqlite3_stmt *statement, int column)
{
    static const char *const types[] = {"", "INTEGER", "REAL", "TEXT", "BLOB", "NULL"};
    int type = sqlite3_column_type(statement, column);
    int size = sqlite3_column_bytes(statement, column);
    return sqlite3_mprintf("%s of %d bytes: %.200s", types[type], size,
                           type == SQLITE_BLOB ? "" : (const char *)sqlite3_column_text(statement, column));
}

sqlite3_int64 map_test_same_at(sqlite3 *db, const char *expected, const char *sql, const char *file, int line)
{
    sqlite3_stmt *a = prepare(db, expected, file, line), *b = prepare(db, sql, file, line);
    sqlite3_int64 rows = 0;
    if (sqlite3_column_count(a) != sqlite3_column_count(b))
        fail_at(file, line, "%s\n    has %d columns, expected %d", sql, sqlite3_column_count(b),
                sqlite3_column_count(a));
    for (;;) {
        int x = sqlite3_step(a);
        if (x != SQLITE_ROW && x != SQLITE_DONE)
            fail_at(file, line, "%s\n    failed: %s", expected, sqlite3_errmsg(db));
        int y = sqlite3_step(b);
        if (y != SQLITE_ROW && y != SQLITE_DONE)
            fail_at(file, line, "%s\n    failed at row %lld: %s", sql, rows + 1, sqlite3_errmsg(db));
        if (x != y)
            fail_at(file, line, "%s\n    gives too %s rows: %lld", sql, y == SQLITE_ROW ? "many" : "few",
                    rows);
        if (x == SQLITE_DONE)
            break;
        rows++;
        for (int i = 0; i < sqlite3_column_count(a); i++)
            if (!same_value(a, b, i))
                fail_at(file, line, "%s\n    row %lld, column %d: %s\n    expected %s\n    as of %s", sql,
                        rows, i + 1, show(b, i), show(a, i), expected);
    }
    sqlite3_finalize(a);
    sqlite3_finalize(b);
    return rows;
}

/* What a map calls its source: the last part of a table's name, or "source". */
static const char *from_clause(const char *source)
{
    return *source == '(' ? " AS source" : "";
}

static void same_names(sqlite3 *db, const char *expected, const char *sql, const char *file, int line)
{
    sqlite3_stmt *a = prepare(db, expected, file, line), *b = prepare(db, sql, file, line);
    for (int i = 0; i < sqlite3_column_count(a); i++)
        if (strcmp(sqlite3_column_name(a, i), sqlite3_column_name(b, i)) != 0)
            fail_at(file, line, "%s\n    column %d is called %s, expected %s", sql, i + 1,
                    sqlite3_column_name(b, i), sqlite3_column_name(a, i));
    sqlite3_finalize(a);
    sqlite3_finalize(b);
}

sqlite3_int64 map_test_list_at(const MapTest *test, const char *source, const char *list, const char *file,
                               int line)
{
    map_test_run_at(test->db, file, line,
                    "CREATE VIRTUAL TABLE temp.listed USING parallel_map(source = %s, map = (%s\n))", source,
                    list);
    char *expected =
        sqlite3_mprintf("SELECT * FROM (SELECT %s\n FROM %s%s)", list, source, from_clause(source));
    sqlite3_int64 rows = map_test_same_at(test->db, expected, "SELECT * FROM listed", file, line);
    same_names(test->db, expected, "SELECT * FROM listed", file, line);
    sqlite3_free(expected);
    sql_test_run_at(test->db, "DROP TABLE temp.listed", file, line);
    return rows;
}

sqlite3_int64 map_test_value_at(const MapTest *test, const char *source, const char *key,
                                const char *expression, const char *file, int line)
{
    char *expected =
        key ? sqlite3_mprintf("SELECT %s, %s\n FROM %s%s", key, expression, source, from_clause(source))
            : sqlite3_mprintf("SELECT row_number() OVER (), v FROM (SELECT %s\n AS v FROM %s%s)", expression,
                              source, from_clause(source));
    char *sql = sqlite3_mprintf("SELECT key, value FROM parallel_map(%Q, %Q)", source, expression);
    sqlite3_int64 rows = map_test_same_at(test->db, expected, sql, file, line);
    sqlite3_free(expected);
    sqlite3_free(sql);
    return rows;
}

void map_test_chunk(sqlite3 *db, int rows)
{
    map_test_run(db, "SELECT parallel_map_config('chunk', nullif(%d, 0))", rows);
}

void map_test_prices(sqlite3 *db)
{
    sql_test_run(
        db, "CREATE TABLE prices(id INTEGER PRIMARY KEY, p REAL);"
            "INSERT INTO prices WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 19)"
            "  SELECT i, i * i * 42 FROM n;");
}

sqlite3_int64 map_test_milliseconds(void)
{
    return clock_ns() / 1000000;
}

void map_test_allow_extensions(sqlite3 *db, int allowed)
{
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, allowed, (int *)NULL),
                     SQLITE_OK);
}

void map_test_expect_map_error(sqlite3 *db, const char *map, int code, const char *message)
{
    char *sql = sqlite3_mprintf("SELECT * FROM parallel_map('prices', %Q)", map);
    sql_test_expect_error(db, sql, code, message);
    sqlite3_free(sql);
}
