/* Help for the tests of parallel_map: each test is run once per executor, on a connection of its own, and
 * ends with the same closing checks: descriptors, threads, shared memory and processes as before, and a
 * connection that closes.
 *
 * PRICEMAP_TEST in the environment names the tests to run: 'interrupt*', '* threads'.
 *
 * The oracle is the plain SELECT on the same connection. Include the cmocka headers before this one. */
#ifndef MAP_TEST_H
#define MAP_TEST_H

#include "executor_list.h"
#include "tests/support/leftovers.h"
#include "tests/support/sql_test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MAP_TEST_SANITIZED = 1 };
#else
enum { MAP_TEST_SANITIZED = 0 };
#endif

/* Workers of every test's connection. */
enum { MAP_TEST_WORKERS = 2 };

typedef struct MapTest {
    const char *executor; /* this connection's default */
    sqlite3 *db;          /* in memory; a test may close it and open another, with map_test_open */
    Leftovers before;
    char folder[64]; /* an empty one, for files; removed with what is in it */
} MapTest;

/* A test to be run once, and once per executor. */
#define MAP_TEST_WITH(test, name)                                                                            \
    {                                                                                                        \
#test " " name, test, map_test_setup, map_test_teardown, (void *)(uintptr_t)name                     \
    }
#define MAP_TEST(test) MAP_TEST_WITH(test, "auto")
#define MAP_TEST_NAMED(test, name) MAP_TEST_WITH(test, #name),
#define MAP_TEST_EACH(test) EXECUTOR_LIST_OF(MAP_TEST_NAMED, test) MAP_TEST(test)

/* The state that a test gets is its MapTest. */
int map_test_setup(void **state);
int map_test_teardown(void **state);

/* Opens a further connection with the test's executor and workers as its defaults; the caller closes it. */
sqlite3 *map_test_open(const MapTest *test, const char *path);

/* The path of a file in the test's folder; to be freed with sqlite3_free. */
char *map_test_path(const MapTest *test, const char *name);

/* Runs SQL that has to succeed; `format` as of sqlite3_mprintf. */
#define map_test_run(db, ...) map_test_run_at(db, __FILE__, __LINE__, __VA_ARGS__)
void map_test_run_at(sqlite3 *db, const char *file, int line, const char *format, ...);

/* Both statements have to give the same rows: number of columns, types and bytes, in the same order. They are
 * stepped in turn, so that neither has to be kept. Returns the number of rows. */
#define map_test_same(db, expected, sql) map_test_same_at(db, expected, sql, __FILE__, __LINE__)
sqlite3_int64 map_test_same_at(sqlite3 *db, const char *expected, const char *sql, const char *file,
                               int line);

/* SELECT `list` FROM `source` has to equal the virtual table with that map, rows and names of columns.
 * `source` is a table's name or (SELECT …). Returns the number of rows. */
#define map_test_list(test, source, list) map_test_list_at(test, source, list, __FILE__, __LINE__)
sqlite3_int64 map_test_list_at(const MapTest *test, const char *source, const char *list, const char *file,
                               int line);

/* The same for the function's form: a single expression. `key` is an expression for the key's value on the
 * source, or NULL: the position. */
#define map_test_value(test, source, key, expression)                                                        \
    map_test_value_at(test, source, key, expression, __FILE__, __LINE__)
sqlite3_int64 map_test_value_at(const MapTest *test, const char *source, const char *key,
                                const char *expression, const char *file, int line);

/* Sets this connection's rows per task; 0: the planner's choice. */
void map_test_chunk(sqlite3 *db, int rows);

/* prices(id, p) with the 20 prices of the experiment. */
void map_test_prices(sqlite3 *db);

/* Allows the connection to load extensions, or forbids it. */
void map_test_allow_extensions(sqlite3 *db, int allowed);

/* The map over prices(id, p) has to fail with this code and message. */
void map_test_expect_map_error(sqlite3 *db, const char *map, int code, const char *message);

/* Milliseconds since some time before. Only for bounds against hanging. */
sqlite3_int64 map_test_milliseconds(void);

#endif
