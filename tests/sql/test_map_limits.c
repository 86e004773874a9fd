/* A LIMIT around a map ends its work once enough rows are there, and the order of the source costs no sort.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

static void make_table(sqlite3 *db, int rows, const char *options)
{
    map_test_run(db,
                 "CREATE TABLE t(id INTEGER PRIMARY KEY, p REAL, k INT);"
                 "INSERT INTO t WITH RECURSIVE c(v) AS (VALUES(1) UNION ALL SELECT v + 1 FROM c WHERE v < %d)"
                 " SELECT v * 2, v * 0.5, v %% 10 FROM c;",
                 rows);
    map_test_run(db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t,"
                 " map = (id, k, increase_price_crazy(p, 10, 200) AS e)%s)",
                 options);
}

static const char plain[] = "(SELECT id, k, increase_price_crazy(p, 10, 200) AS e FROM t)";

static void same(sqlite3 *db, const char *query)
{
    char *expected = sqlite3_mprintf(query, plain), *sql = sqlite3_mprintf(query, "m");
    map_test_same(db, expected, sql);
    sqlite3_free(expected);
    sqlite3_free(sql);
}

static sqlite3_int64 rows_in(sqlite3 *db)
{
    return sql_test_integer(db, "SELECT rows_in FROM parallel_map_runs ORDER BY run DESC LIMIT 1");
}

/* Without a condition the rows that are evaluated are those that are given; with one at most a chunk for each
   worker is beyond. */
static void check_limits(sqlite3 *db)
{
    static const struct {
        const char *query;
        sqlite3_int64 least, most;
    } queries[] = {
        {"SELECT e FROM %s LIMIT 1", 1, 1},
        {"SELECT e FROM %s LIMIT 5", 5, 5},
        {"SELECT e FROM %s LIMIT 50 OFFSET 20", 70, 70},
        {"SELECT e FROM %s LIMIT 30 OFFSET -1", 30, 30},
        {"SELECT e FROM %s WHERE id > 100 LIMIT 3", 3, 3},
        {"SELECT e FROM %s WHERE k = 3 LIMIT 7", 7, 7},
        {"SELECT e FROM %s WHERE e > 100 LIMIT 4", 186, 186 + 4 * 64},
        {"SELECT id, e FROM %s ORDER BY id LIMIT 4", 4, 4},
        {"SELECT id, e FROM %s ORDER BY id DESC LIMIT 4 OFFSET 3", 7, 7},
        {"SELECT id, e FROM %s WHERE k = 3 ORDER BY id DESC, e LIMIT 4", 4, 4},
    };
    map_test_chunk(db, 64);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        same(db, queries[i].query);
        sqlite3_int64 rows = rows_in(db);
        if (rows < queries[i].least || rows > queries[i].most)
            fail_msg("%s: %lld rows", queries[i].query, (long long)rows);
    }
    map_test_chunk(db, 0);
    same(db, "SELECT id, e FROM %s WHERE e > 100 LIMIT 40");
    same(db, "SELECT count(*) FROM (SELECT id FROM %s LIMIT -1)");
    same(db, "SELECT id FROM %s ORDER BY e DESC LIMIT 4");
    same(db, "SELECT id FROM %s LIMIT 100000");
}

static void limits_fed(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 2000, "");
    check_limits(test->db);
}

static void limits_in_ranges(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "limits.db");
    sqlite3 *db = map_test_open(test, path);
    sqlite3_free(path);
    make_table(db, 12000, "");
    check_limits(db);
    sqlite3_close(db);
}

/* The host drops rows that a condition lets through: the limit counts those that are left. */
static void rows_that_the_host_drops(void **state)
{
    MapTest *test = *state;
    map_test_run(
        test->db,
        "CREATE TABLE t(id INTEGER PRIMARY KEY, s TEXT);"
        "INSERT INTO t WITH RECURSIVE c(v) AS (VALUES(1) UNION ALL SELECT v + 1 FROM c WHERE v < 500)"
        " SELECT v, CASE v %% 50 WHEN 0 THEN '7' ELSE '7.0' END FROM c");
    map_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, s, id + 1 AS e))");
    sqlite3_stmt *statement = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(test->db, "SELECT e FROM m WHERE s = ?1 LIMIT 3", -1, &statement, NULL),
        SQLITE_OK);
    sqlite3_bind_text(statement, 1, "7", -1, SQLITE_STATIC);
    for (int row = 1; row <= 3; row++) {
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(statement, 0), row * 50 + 1);
    }
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
}

static bool sorts(sqlite3 *db, const char *query)
{
    sqlite3_stmt *statement = NULL;
    bool sorted = false;
    char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", query);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        sorted = sorted || strstr((const char *)sqlite3_column_text(statement, 3), "TEMP B-TREE");
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return sorted;
}

/* The order of the source is that of its rowids, in both directions, and no other one. */
static void orders(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 200, "");
    assert_false(sorts(test->db, "SELECT e FROM m ORDER BY id"));
    assert_false(sorts(test->db, "SELECT e FROM m WHERE k = 3 ORDER BY id DESC, e"));
    assert_false(sorts(test->db, "SELECT key FROM parallel_map('t', 'p') ORDER BY key"));
    assert_true(sorts(test->db, "SELECT e FROM m ORDER BY e"));
    assert_true(sorts(test->db, "SELECT e FROM m ORDER BY k, id"));
    assert_true(sorts(test->db, "SELECT key FROM parallel_map('t', 'p') ORDER BY key DESC"));
    same(test->db, "SELECT id, e FROM %s ORDER BY id");
    same(test->db, "SELECT id, e FROM %s ORDER BY id DESC");
    same(test->db, "SELECT id, e FROM %s WHERE id IN (8, 2, 6, 4) ORDER BY id DESC");
    same(test->db, "SELECT k, count(*) FROM %s GROUP BY k ORDER BY k");
    same(test->db, "SELECT DISTINCT id FROM %s ORDER BY id");
    /* An index has the columns in another order. */
    map_test_run(test->db, "CREATE INDEX tk ON t(k, p)");
    same(test->db, "SELECT id, k FROM %s WHERE k > 3 ORDER BY id");
    map_test_run(test->db,
                 "DROP TABLE m; CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, ordered = 0,"
                 " map = (id, k, increase_price_crazy(p, 10, 200) AS e))");
    assert_true(sorts(test->db, "SELECT e FROM m ORDER BY id"));
    same(test->db, "SELECT id, e FROM %s ORDER BY id LIMIT 5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(limits_fed),
        MAP_TEST_EACH(limits_in_ranges),
        MAP_TEST_EACH(rows_that_the_host_drops),
        MAP_TEST_EACH(orders),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
