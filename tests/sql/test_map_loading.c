/* Extensions that do not load everywhere: what parallel_map_load says of them, and that `auto` stays with
 * what works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

enum {
    ROWS = 400,
    PARTITION_ROWS = 20000,
};

#define SHY "SELECT parallel_map_load('" TINY_EXTENSION "', 'sqlite3_tiny_shy_init')"
#define SHY_TROUBLE                                                                                          \
    "parallel_map_load: " TINY_EXTENSION ": error during initialization: tiny trouble in a worker process"

static void make_table(sqlite3 *db, int rows)
{
    map_test_run(
        db,
        "CREATE TABLE t(a); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < %d) SELECT i FROM n",
        rows);
}

/* It says nothing where all workers have the extension, and else which ones lack it, and why. */
static void loading_tries_a_worker(void **state)
{
    MapTest *test = *state;
    map_test_allow_extensions(test->db, 1);
    sql_test_expect(test->db, "SELECT parallel_map_load('" TINY_EXTENSION "') IS NULL", "1");
    sql_test_expect(test->db, SHY, "'processes lack it: " SHY_TROUBLE "'");
    /* No worker is left of it. */
    assert_int_equal(leftovers_processes(getpid()), 0);
    /* A worker that is killed by the extension takes nothing with it. */
    sql_test_expect(test->db,
                    "SELECT parallel_map_load('" TINY_EXTENSION "', 'sqlite3_tiny_deadly_init') LIKE"
                    " 'processes lack it: %signal 9%'",
                    "1");
    make_table(test->db, 10);
    sql_test_expect(test->db, "SELECT sum(value) FROM parallel_map('t', 'a', 'threads')", "55");
}

/* A host without worker processes has the extension all the same. */
static void no_worker_program(void **state)
{
    MapTest *test = *state;
    const char *worker = getenv("PRICEMAP_WORKER");
    char *usual = worker ? strdup(worker) : NULL;
    map_test_allow_extensions(test->db, 1);
    make_table(test->db, 10);
    assert_int_equal(setenv("PRICEMAP_WORKER", "/nowhere/pricemap-worker", 1), 0);
    sql_test_expect(test->db,
                    "SELECT parallel_map_load('" TINY_EXTENSION
                    "') LIKE 'processes lack it: parallel_map: cannot"
                    " start the program of the worker processes, /nowhere/pricemap-worker: %'",
                    "1");
    sql_test_expect(test->db, "SELECT sum(value) FROM parallel_map('t', 'tiny_double(a)', 'threads')",
                    "110.0");
    if (usual)
        setenv("PRICEMAP_WORKER", usual, 1);
    free(usual);
}

/* Another run of the connection may hold all the room that its worker has. */
static void loading_while_a_map_is_open(void **state)
{
    MapTest *test = *state;
    sqlite3_stmt *open;
    map_test_allow_extensions(test->db, 1);
    make_table(test->db, ROWS);
    map_test_chunk(test->db, 1);
    assert_int_equal(sqlite3_prepare_v2(test->db, "SELECT value FROM parallel_map('t', 'a', 'processes', 1)",
                                        -1, &open, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(open), SQLITE_ROW);
    sql_test_expect(test->db, SHY, "'processes lack it: " SHY_TROUBLE "'");
    sqlite3_int64 sum = sqlite3_column_int64(open, 0);
    while (sqlite3_step(open) == SQLITE_ROW)
        sum += sqlite3_column_int64(open, 0);
    assert_int_equal(sqlite3_finalize(open), SQLITE_OK);
    assert_int_equal(sum, ROWS * (ROWS + 1) / 2);
}

/* Most hosts have the mathematical library, which is why such extensions are about: workers have it too. */
static void extension_that_names_no_library(void **state)
{
    MapTest *test = *state;
    map_test_allow_extensions(test->db, 1);
    make_table(test->db, ROWS);
    assert_int_equal(sqlite3_load_extension(test->db, BARE_EXTENSION, NULL, NULL), SQLITE_OK);
    sql_test_expect(test->db, "SELECT parallel_map_load('" BARE_EXTENSION "') IS NULL", "1");
    map_test_same(test->db, "SELECT bare_cbrt(a) FROM t",
                  "SELECT value FROM parallel_map('t', 'bare_cbrt(a)')");
}

/* ---- what auto does ---- */

/* These tests run in an SQLite without threads: auto has nothing but processes then, and takes them for work
 * that pays whatever the machine. */

#define WORK "increase_price_crazy(a)"
#define LIGHT_WORK "increase_price_crazy(a, 10, 10000)"

static void expect_stays(sqlite3 *db, const char *work, const char *access, const char *trouble)
{
    char *expected = sqlite3_mprintf("SELECT iif(%s > 0, a * 2.0, 0) FROM t", work);
    char *sql =
        sqlite3_mprintf("SELECT value FROM parallel_map('t', 'iif(%s > 0, tiny_double(a), 0)')", work);
    map_test_same(db, expected, sql);
    sqlite3_free(sql);
    sql = sqlite3_mprintf(
        "SELECT executor, access, reason LIKE '%%serial: processes cannot prepare this map: %s%%',"
        " error IS NULL FROM parallel_map_runs WHERE requested = 'auto' ORDER BY run DESC LIMIT 1",
        trouble);
    char *row = sqlite3_mprintf("'serial'|'%s'|1|1", access);
    sql_test_expect(db, sql, row);
    sqlite3_free(row);
    sqlite3_free(sql);
    sqlite3_free(expected);
}

static void auto_stays_where_the_extension_loads(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    map_test_allow_extensions(db, 1);
    make_table(db, ROWS);
    sql_test_expect(db, SHY, "'processes lack it: " SHY_TROUBLE "'");
    expect_stays(db, WORK, "feed", SHY_TROUBLE);
}

/* What a worker that reads the table itself says of it is no change of the table. */
static void auto_stays_with_a_partition(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "t.db");
    sqlite3 *db = map_test_open(test, path);
    map_test_allow_extensions(db, 1);
    make_table(db, PARTITION_ROWS);
    sql_test_expect(db, SHY, "'processes lack it: " SHY_TROUBLE "'");
    expect_stays(db, LIGHT_WORK, "partition", SHY_TROUBLE);
    sql_test_close(&db);
    sqlite3_free(path);
}

static void linked_double(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_result_double(context, 2 * sqlite3_value_double(argv[0]));
}

/* An extension that the host's program has linked in, and has SQLite load into each connection. */
static int linked_init(sqlite3 *db, char **message, const struct sqlite3_api_routines *routines)
{
    (void)message;
    (void)routines;
    return sqlite3_create_function(db, "tiny_double", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                   linked_double, NULL, NULL);
}

static void register_linked(void)
{
    assert_int_equal(sqlite3_auto_extension((void (*)(void))linked_init), SQLITE_OK);
}

static void auto_stays_where_a_linked_extension_is(void **state)
{
    MapTest *test = *state;
    register_linked();
    sqlite3 *db = map_test_open(test, ":memory:");
    make_table(db, ROWS);
    expect_stays(db, WORK, "feed", "no such function: tiny_double");
    sqlite3_cancel_auto_extension((void (*)(void))linked_init);
    sql_test_close(&db);
}

static void linked_extension(void **state)
{
    MapTest *test = *state;
    register_linked();
    sqlite3 *db = map_test_open(test, ":memory:");
    make_table(db, ROWS);
    if (strcmp(test->executor, "processes") == 0)
        sql_test_expect_error(db, "SELECT * FROM parallel_map('t', 'tiny_double(a)')", SQLITE_ERROR,
                              "parallel_map: worker processes: no such function: tiny_double: they have "
                              "SQLite's own functions and "
                              "collations, pricemap's, and those of extensions named by "
                              "parallel_map_load(path); what this program "
                              "registers itself (sqlite3_auto_extension) it alone has: use executor threads");
    else
        map_test_same(db, "SELECT tiny_double(a) FROM t",
                      "SELECT value FROM parallel_map('t', 'tiny_double(a)')");
    sql_test_close(&db);
    sqlite3_cancel_auto_extension((void (*)(void))linked_init);
}

static int run_without_threads(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(auto_stays_where_the_extension_loads),
        MAP_TEST(auto_stays_with_a_partition),
        MAP_TEST(auto_stays_where_a_linked_extension_is),
    };
    if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The first group of tests; then this program becomes the second one, whose SQLite is another one. */
int main(int argc, char **argv)
{
    static char without_threads[] = "without-threads";
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(loading_tries_a_worker),
        MAP_TEST_EACH(no_worker_program),
        MAP_TEST_EACH(loading_while_a_map_is_open),
        MAP_TEST_EACH(extension_that_names_no_library),
        MAP_TEST_EACH(linked_extension),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    if (argc > 1)
        return run_without_threads();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        return failed;
    execv("/proc/self/exe", (char *[]){argv[0], without_threads, NULL});
    return 1;
}
