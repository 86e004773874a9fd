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
        {"SELECT e FROM %s WHERE e > 100 LIMIT 4", 185, 186 + 4 * 64},
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

static void expect_access(sqlite3 *db, const char *access)
{
    char *expected = sqlite3_mprintf("%Q", access);
    sql_test_expect(db, "SELECT access FROM parallel_map_runs ORDER BY run DESC LIMIT 1", expected);
    sqlite3_free(expected);
}

static sqlite3 *open_ranges(MapTest *test, int rows)
{
    char *path = map_test_path(test, "ranges.db");
    sqlite3 *db = map_test_open(test, path);
    sqlite3_free(path);
    make_table(db, rows, "");
    return db;
}

/* Ranges are walked from the last rowid to the first: all rows, few of them, and those that conditions let
 * through, with gaps, from the greatest rowid to the least that there can be. */
static void backwards_in_ranges(void **state)
{
    static const char *const queries[] = {
        "SELECT id, k, e FROM %s ORDER BY id DESC",
        "SELECT e, id FROM %s WHERE k = 3 ORDER BY id DESC",
        "SELECT e FROM %s WHERE e > 100 ORDER BY id DESC LIMIT 40 OFFSET 3",
        "SELECT e FROM %s WHERE id > 500 AND id <= 23000 AND k <> 4 ORDER BY id DESC",
        "SELECT id, e FROM %s WHERE id < 23000 ORDER BY id DESC LIMIT 20",
        "SELECT count(*), sum(k) FROM (SELECT k FROM %s ORDER BY id DESC)",
    };
    MapTest *test = *state;
    sqlite3 *db = open_ranges(test, 12000);
    map_test_run(db, "DELETE FROM t WHERE id BETWEEN 4000 AND 9001 OR id %% 7 = 3");
    for (int extremes = 0; extremes < 2; extremes++) {
        for (int chunk = 0; chunk < 2; chunk++)
            for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
                map_test_chunk(db, chunk * 97);
                same(db, queries[i]);
                expect_access(db, "partition");
            }
        map_test_run(db, "INSERT OR IGNORE INTO t VALUES(-9223372036854775808, 1.5, 3), (-3, 2.5, 3),"
                         " (9223372036854775807, 3.5, 3)");
    }
    sqlite3_close(db);
}

/* The last rows of many are there at once, and nothing else is evaluated. */
static void the_last_of_many(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = open_ranges(test, 1000000);
    same(db, "SELECT id, e FROM %s ORDER BY id DESC LIMIT 10");
    expect_access(db, "partition");
    assert_int_equal(rows_in(db), 10);
    same(db, "SELECT id, e FROM %s WHERE k = 3 ORDER BY id DESC LIMIT 10");
    expect_access(db, "partition");
    assert_true(rows_in(db) >= 10 && rows_in(db) < 200);
    sqlite3_close(db);
}

/* A constant is computed once, an error names the row by its position in this order, and the rows before it
 * are given; where the file changes meanwhile the host reads the rest backwards. */
static void backwards_to_an_error_or_a_change(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = open_ranges(test, 12000);
    map_test_run(db, "CREATE VIRTUAL TABLE temp.c USING parallel_map(source = t, where = (k < 9),"
                     " map = (id AS i, p + random() * 0 AS q, p + increase_price(50) AS r))");
    map_test_same(db, "SELECT id, p, p + increase_price(50) FROM t WHERE k < 9 ORDER BY id DESC",
                  "SELECT i, q, r FROM c ORDER BY i DESC");
    expect_access(db, "partition");

    map_test_run(db, "CREATE VIRTUAL TABLE temp.f USING parallel_map(source = t,"
                     " map = (id, increase_price(iif(id = 20002, 'x', p)) AS e))");
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT id, e FROM f ORDER BY id DESC", -1, &statement, NULL),
                     SQLITE_OK);
    for (sqlite3_int64 id = 24000; id > 20002; id -= 2) {
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int64(statement, 0), id);
    }
    assert_int_equal(sqlite3_step(statement), SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(db), "(row 2000)"));
    sqlite3_finalize(statement);

    map_test_run(db, "DROP TABLE f; CREATE TABLE u(x)");
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT id FROM m ORDER BY id DESC", -1, &statement, NULL),
                     SQLITE_OK);
    for (sqlite3_int64 id = 24000; id > 0; id -= 2) {
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int64(statement, 0), id);
        if (id == 24000)
            map_test_run(db, "INSERT INTO u VALUES(1)");
    }
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
    expect_access(db, "partition, then feed");
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
        MAP_TEST_EACH(backwards_in_ranges),
        MAP_TEST_EACH(the_last_of_many),
        MAP_TEST_EACH(backwards_to_an_error_or_a_change),
        MAP_TEST_EACH(rows_that_the_host_drops),
        MAP_TEST_EACH(orders),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
