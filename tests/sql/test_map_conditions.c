/* What the query around a map says about its columns reaches the workers: the map is evaluated only where it
 * is needed, and the rows are those of the plain query. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

/* t has values of every kind in columns of every affinity and collation; partition access begins at 10 000
 * rowids. */
static void make_table(sqlite3 *db, int rows)
{
    map_test_run(
        db,
        "CREATE TABLE t(id INTEGER PRIMARY KEY, i INT, r REAL, s TEXT, n TEXT COLLATE NOCASE, x, k NUMERIC,"
        " u TEXT COLLATE RTRIM);"
        "INSERT INTO t WITH RECURSIVE c(v) AS (VALUES(1) UNION ALL SELECT v + 1 FROM c WHERE v < %d)"
        " SELECT v, v %% 50, CASE v %% 7 WHEN 0 THEN NULL ELSE v * 0.5 END, CASE v %% 11 WHEN 0 THEN NULL ELSE"
        " (v %% 60) || '' END, CASE v %% 3 WHEN 0 THEN 'Text' ELSE 'tEXT' END || (v %% 40),"
        " CASE v %% 6 WHEN 0 THEN NULL WHEN 1 THEN v %% 30 WHEN 2 THEN (v %% 30) || '' WHEN 3 THEN v %% 30 + 0.0"
        " WHEN 4 THEN CAST(v %% 30 AS BLOB) ELSE 'x' || (v %% 30) END,"
        " CASE v %% 4 WHEN 0 THEN 'none' ELSE v %% 20 END, 'u' || (v %% 9) || substr('   ', 1, v %% 4) FROM c;"
        "CREATE INDEX ts ON t(s); CREATE INDEX tn ON t(n);",
        rows);
    map_test_run(db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t,"
                     " map = (id, i, r, s, n, x, k, u, increase_price(r) AS e, x || '' AS f, i + 1 AS g))");
}

static const char plain[] =
    "(SELECT id, i, r, s, n, x, k, u, increase_price(r) AS e, x || '' AS f, i + 1 AS g FROM t)";

/* The query with `text` in the place of its %s. */
static char *put(const char *query, const char *text)
{
    const char *place = strstr(query, "%s");
    assert_non_null(place);
    return sqlite3_mprintf("%.*s%s%s", (int)(place - query), query, text, place + 2);
}

/* `%s` in the query stands for the map. Returns the number of rows. */
static sqlite3_int64 same(sqlite3 *db, const char *query)
{
    char *expected = put(query, plain), *sql = put(query, "m");
    sqlite3_int64 rows = map_test_same(db, expected, sql);
    sqlite3_free(expected);
    sqlite3_free(sql);
    return rows;
}

static void expect_last(sqlite3 *db, const char *column, const char *expected)
{
    char *sql = sqlite3_mprintf("SELECT %s FROM parallel_map_runs ORDER BY run DESC LIMIT 1", column);
    sql_test_expect(db, sql, expected);
    sqlite3_free(sql);
}

/* Each operator with values of each type, on each column; every `step`-th of them on a column. An expression
   is another column in a table than in a subquery beside a CAST, which gives its value an affinity. */
static void each_operator(sqlite3 *db, size_t step)
{
    static const char *const columns[] = {"id", "i", "r", "s", "n", "x", "k", "u", "e", "f", "g"};
    static const char *const conditions[] = {"= 7",
                                             "= 7.0",
                                             "= '7'",
                                             "= '7.0'",
                                             "= x'37'",
                                             "= NULL",
                                             "IS NULL",
                                             "IS NOT NULL",
                                             "IS 7",
                                             "IS '7'",
                                             "IS NOT 7",
                                             "<> '7'",
                                             "< 7",
                                             "<= '7'",
                                             "> 20",
                                             ">= '20'",
                                             "< 'b'",
                                             "> x'31'",
                                             "BETWEEN 5 AND 9",
                                             "BETWEEN '5' AND '9'",
                                             "IN (1, 7, 9)",
                                             "IN ('1', '7', 9.0, NULL, x'37')",
                                             "IN (NULL)",
                                             "IN (SELECT i FROM t WHERE id < 4)",
                                             "LIKE '7%'",
                                             "LIKE 'TEXT1_'",
                                             "GLOB 'T*1'",
                                             "= 'text7' COLLATE NOCASE",
                                             "= 'u7'",
                                             "= CAST(7 AS INTEGER)",
                                             "= CAST('7' AS TEXT)",
                                             "< CAST('7' AS NUMERIC)",
                                             "NOT IN (1, 2)",
                                             "= 9e999",
                                             "< -9e999",
                                             "> 9223372036854775806"};
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (size_t i = c % step; i < sizeof conditions / sizeof *conditions; i += step) {
            if (c + 3 >= sizeof columns / sizeof *columns && strstr(conditions[i], "CAST"))
                continue;
            char *query = sqlite3_mprintf("SELECT id, %s, e FROM %%s WHERE %s %s ORDER BY id", columns[c],
                                          columns[c], conditions[i]);
            same(db, query);
            sqlite3_free(query);
        }
}

static void operators_fed(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 300);
    each_operator(test->db, 1);
}

/* A file that workers read themselves. */
static sqlite3 *open_file(const MapTest *test, int rows)
{
    char *path = map_test_path(test, "conditions.db");
    sqlite3 *db = map_test_open(test, path);
    sqlite3_free(path);
    make_table(db, rows);
    return db;
}

static void operators_in_ranges(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = open_file(test, 12000);
    each_operator(db, 5);
    sql_test_expect(db, "SELECT count(*) > 30 FROM parallel_map_runs WHERE access = 'partition'", "1");
    sqlite3_close(db);
}

/* Rows that were evaluated, and rows that were given. */
static void rows_evaluated(void **state)
{
    MapTest *test = *state;
    for (int file = 0; file < 2; file++) {
        sqlite3 *db = file ? open_file(test, 12000) : test->db;
        if (!file)
            make_table(db, 1000);
        static const struct {
            const char *query, *in, *out;
        } queries[] = {
            {"SELECT e FROM %s WHERE id = 5", "1", "1"},
            {"SELECT e FROM %s WHERE id = '5'", "1", "1"},
            {"SELECT e FROM %s WHERE id IN (1, 2, 3, 2, 99999)", "3", "3"},
            {"SELECT e FROM %s WHERE id BETWEEN 10 AND 20", "11", "11"},
            {"SELECT e FROM %s WHERE id > 10 AND id < 12 AND i = 11", "1", "1"},
            {"SELECT e FROM %s WHERE id <= 3 AND id IS NOT 2", "2", "2"},
            {"SELECT e FROM %s WHERE id = 5 AND i = 6", "0", "0"},
            {"SELECT e FROM %s WHERE n = 'text7' AND id < 100", "3", "3"},
            {"SELECT e FROM %s WHERE i = 49 AND id <= 1000", "20", "20"},
            {"SELECT e FROM %s WHERE u = 'u7' AND id <= 90", "10", "10"},
            {"SELECT e FROM %s WHERE s LIKE '7' AND id <= 60", "1", "1"},
            {"SELECT e FROM %s WHERE s GLOB '[7]' AND id <= 60", "1", "1"},
            {"SELECT e FROM %s WHERE s IS NULL AND id <= 60", "5", "5"},
            {"SELECT e FROM %s WHERE e > 500 AND id <= 1000", "1000", "78"},
            {"SELECT g FROM %s WHERE g = 50 AND id <= 1000", "1000", "20"},
        };
        for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
            same(db, queries[i].query);
            expect_last(db, "rows_in", queries[i].in);
            expect_last(db, "rows_out", queries[i].out);
        }
        if (file)
            sqlite3_close(db);
    }
}

/* Narrow ranges, and conditions on columns that no index has, leave workers the table. */
static void ranges_are_narrowed(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = open_file(test, 60000);
    same(db, "SELECT count(*), sum(e) FROM %s WHERE id >= 30001 AND id < 50001");
    expect_last(db, "access || ' ' || rows_in", "'partition 20000'");
    same(db, "SELECT count(*), sum(e) FROM %s WHERE i = 7");
    expect_last(db, "access || ' ' || rows_in", "'partition 1200'");
    same(db, "SELECT count(*), sum(e) FROM %s WHERE i = 7 AND e > 20000 AND id > 100");
    expect_last(db, "access || ' ' || rows_in", "'partition 1198'");
    same(db, "SELECT count(*), sum(e) FROM %s WHERE id = 40000");
    expect_last(db, "access || ' ' || rows_in", "'feed 1'");
    same(db, "SELECT count(*), sum(e) FROM %s WHERE id > 70000");
    expect_last(db, "rows_in", "0");
    sqlite3_close(db);
}

/* A value of an outer row has an affinity of its own, which SQLite does not show. */
static void values_of_outer_rows(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 300);
    map_test_run(
        test->db,
        "CREATE TABLE o(a INTEGER, b TEXT, c, d REAL, e TEXT COLLATE NOCASE);"
        "INSERT INTO o VALUES (7, '7', 7, 7, 'TEXT7'), ('x7', '7.0', '7', 'x', 'text8'),"
        " (NULL, NULL, NULL, NULL, NULL), (x'37', x'37', x'37', x'37', x'37'), (20, '20', '20', 20.5, '20'), (4, '7' || char(0), '7' || char(0) || 'x', 4, ' 7 ')");
    static const char *const columns[] = {"id", "i", "r", "s", "n", "x", "k", "u"};
    static const char *const values[] = {"o.a", "o.b", "o.c", "o.d", "o.e", "CAST(o.c AS NUMERIC)"};
    static const char *const operators[] = {"=", "IS", "<", ">=", "<>"};
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++)
            for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
                char *query = sqlite3_mprintf(
                    "SELECT o.rowid, m.id FROM o LEFT JOIN %%s AS m ON m.%s %s %s ORDER BY 1, 2", columns[c],
                    operators[i], values[v]);
                same(test->db, query);
                sqlite3_free(query);
            }
    /* Texts and numbers under a name that says INTEGER, as older versions of SQLite have them. */
    same(test->db,
         "SELECT k, m.id FROM (SELECT CAST(7 AS INTEGER) AS v UNION ALL SELECT '7.0' UNION ALL SELECT '9') "
         "LEFT JOIN %s AS m ON m.s = v ORDER BY 1, 2");
}

/* SQLite may read a map once for each term of an OR, and recognises its rows by their rowids. */
static void either_or(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 300);
    map_test_run(test->db, "INSERT INTO t SELECT id + 1000, i, r, s, n, x, k, u FROM t");
    same(test->db, "SELECT id, e FROM %s WHERE id = 5 OR s = '7' ORDER BY id");
    same(test->db, "SELECT s, n FROM %s WHERE id < 20 OR s = '7' OR id = 1007 ORDER BY s, n");
    same(test->db, "SELECT count(*) FROM %s WHERE id = 5 OR n = 'TEXT5'");
    same(test->db, "SELECT count(*), o.column1 FROM (VALUES (1), (5), (7)) AS o CROSS JOIN %s AS m WHERE "
                   "m.id = o.column1 OR m.s = o.column1 || '' GROUP BY 2");
    if (sqlite3_libversion_number() >= 3039000) {
        same(test->db,
             "SELECT m.id, o.column1 FROM (VALUES (1), (5), (7)) AS o RIGHT JOIN %s AS m ON m.id = o.column1 "
             "ORDER BY 1, 2");
        same(test->db,
             "SELECT m.s, count(*) FROM (VALUES ('1'), ('5')) AS o FULL JOIN %s AS m ON m.s = o.column1 "
             "GROUP BY 1");
    }
}

/* The key of the function's form: a rowid, or the position in the source. */
static void keys(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 300);
    static const char *const conditions[] = {"key = 7",
                                             "key IN (1, 7, 9)",
                                             "key > 295",
                                             "key BETWEEN 5 AND 6.5",
                                             "key IS NULL",
                                             "value > 100",
                                             "key > 4 AND value IS NOT NULL AND key < 9",
                                             "key = -3",
                                             "key > 9e999",
                                             "value IN (110.0, 55)",
                                             "key = 7 OR value = 55",
                                             "key = '7'",
                                             "key > '290' AND key < '295.5'"};
    static const struct {
        const char *source, *call;
    } maps[] = {
        {"(SELECT id AS key, increase_price(r) AS value FROM t)", "parallel_map('t', 'increase_price(r)')"},
        {"(SELECT CAST(row_number() OVER () AS INTEGER) AS key, increase_price(r) AS value FROM (SELECT r FROM t ORDER BY -id))",
         "parallel_map('SELECT r FROM t ORDER BY -id', 'increase_price(r)')"},
    };
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        for (size_t j = 0; j < sizeof maps / sizeof *maps; j++) {
            char *expected = sqlite3_mprintf("SELECT key, value FROM %s WHERE %s ORDER BY key",
                                             maps[j].source, conditions[i]);
            char *sql = sqlite3_mprintf("SELECT key, value FROM %s WHERE %s ORDER BY key", maps[j].call,
                                        conditions[i]);
            map_test_same(test->db, expected, sql);
            sqlite3_free(expected);
            sqlite3_free(sql);
        }
    sql_test_run(test->db, "SELECT value FROM parallel_map('SELECT r FROM t', 'r') WHERE key = 70");
    expect_last(test->db, "rows_in", "1");
    sql_test_run(test->db, "SELECT value FROM parallel_map('t', 'r') WHERE key = 70");
    expect_last(test->db, "rows_in", "1");
}

/* A thousand rows of an outer loop have a row evaluated each, under one record of the log. */
static void rows_of_a_join(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 4000);
    sqlite3_int64 before = sql_test_integer(test->db, "SELECT coalesce(max(run), 0) FROM parallel_map_runs");
    map_test_run(test->db,
                 "CREATE TABLE o(number INTEGER); INSERT INTO o SELECT id * 3 FROM t WHERE id <= 1000");
    same(test->db, "SELECT number, e FROM o JOIN %s AS m ON m.id = number");
    expect_last(test->db, "rows_in || ' ' || rows_out || ' ' || tasks", "'1000 1000 1000'");
    assert_int_equal(sql_test_integer(test->db, "SELECT max(run) FROM parallel_map_runs"), before + 1);
    same(
        test->db,
        "SELECT number, e FROM o CROSS JOIN %s AS m ON m.s = (number % 60) || '' AND m.id < 100 ORDER BY number, m.id");
}

/* What is pushed down can be seen. */
static void shown(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 100);
    sql_test_run(test->db, "SELECT e FROM m WHERE id BETWEEN 5 AND 9 AND e > 5 AND s IN ('5', '6')");
    static const char *const words[] = {"condition on the source: %id >= ?%; condition", "%id <= ?",
                                        "%s IN (?)", "condition on the map: e > ?"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char *sql = sqlite3_mprintf(
            "SELECT reason LIKE '%%%s%%' FROM parallel_map_runs ORDER BY run DESC LIMIT 1", words[i]);
        sql_test_expect(test->db, sql, "1");
        sqlite3_free(sql);
    }
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(test->db, "EXPLAIN QUERY PLAN SELECT e FROM m WHERE id = 5 AND e > 5",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_non_null(strstr((const char *)sqlite3_column_text(statement, 3), " id = ?"));
    sqlite3_finalize(statement);
}

static void refuse_nothing(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_result_int(context, sqlite3_value_type(argv[1]) != SQLITE_NULL);
}

/* LIKE is left to workers only where it is SQLite's. */
static void like_of_the_host(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 100);
    same(test->db, "SELECT id FROM %s WHERE n LIKE 'TEXT7' ORDER BY id");
    sql_test_run(test->db, "PRAGMA case_sensitive_like = 1");
    same(test->db, "SELECT id FROM %s WHERE n LIKE 'Text7' ORDER BY id");
    assert_int_equal(
        sqlite3_create_function(test->db, "like", 2, SQLITE_UTF8, NULL, refuse_nothing, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(same(test->db, "SELECT id FROM %s WHERE n LIKE 'nothing' ORDER BY id"), 100);
}

/* For a condition on rows that it keeps SQLite makes an index, whose order is another, and which it would use
   for later tasks as well: each task has rows of its own, in their order, however long it is. */
static void constant_conditions(void **state)
{
    MapTest *test = *state;
    static const int chunks[] = {1, 7, 35, 36, 38};
    map_test_run(test->db, "CREATE TABLE t(id INTEGER PRIMARY KEY, c);"
                           "INSERT INTO t WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
                           "WHERE i < 38) SELECT i, 'text' || i FROM n");
    for (size_t i = 0; i < 4 * sizeof chunks / sizeof *chunks; i++) {
        /* Each map is another one, so that workers have kept nothing of it; every second one is fed. */
        map_test_run(test->db,
                     "BEGIN; %s; CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, workers = %d,"
                     " chunk = %d, map = (zeroblob(5) AS five, c, rowid AS id, %d AS number))",
                     i % 2 ? "UPDATE t SET c = c" : "SELECT 1", (int)(i / 2 % 2 + 1), chunks[i / 4], (int)i);
        map_test_same(test->db, "SELECT id, c FROM t WHERE c IS NOT 'text6' ORDER BY id",
                      "SELECT id, c FROM m WHERE five IS zeroblob(5) AND +c IS NOT 'text6' ORDER BY id");
        map_test_same(test->db, "SELECT 0", "SELECT count(*) FROM m WHERE five = 'none'");
        map_test_run(test->db, "DROP TABLE m; COMMIT");
    }
}

/* Rows that are not requested fail no map, as they fail no plain query. */
static void errors_elsewhere(void **state)
{
    MapTest *test = *state;
    map_test_run(
        test->db,
        "CREATE TABLE t(id INTEGER PRIMARY KEY, p); INSERT INTO t VALUES (1, 1), (2, 'bad'), (3, 3)");
    map_test_run(
        test->db,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, increase_price(p) AS e))");
    sql_test_expect(test->db, "SELECT e FROM m WHERE id = 3", "3.3");
    sql_test_expect(test->db, "SELECT count(*) FROM m WHERE id <> 2 AND e > 2", "1");
    sql_test_expect_error(test->db, "SELECT e FROM m WHERE id = 2", SQLITE_ERROR,
                          "increase_price: price is 'bad': expected a number (row 1)");
}

/* Partial rows are requested as they are given: groups of a chunk. */
static void partial_rows(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 300);
    map_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.part USING parallel_map(source = t, partial = 1, group_by = (i),"
                 " map = (i, count(*) AS n, sum(r) AS s))");
    map_test_same(test->db, "SELECT i, count(*) FROM t WHERE i = 7 GROUP BY i",
                  "SELECT i, sum(n) FROM part WHERE i = 7 GROUP BY i");
    expect_last(test->db, "rows_in", "300");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(operators_fed),
        MAP_TEST_EACH(operators_in_ranges),
        MAP_TEST_EACH(rows_evaluated),
        MAP_TEST_EACH(ranges_are_narrowed),
        MAP_TEST_EACH(values_of_outer_rows),
        MAP_TEST_EACH(either_or),
        MAP_TEST_EACH(keys),
        MAP_TEST_EACH(rows_of_a_join),
        MAP_TEST_EACH(shown),
        MAP_TEST_EACH(like_of_the_host),
        MAP_TEST_EACH(constant_conditions),
        MAP_TEST_EACH(errors_elsewhere),
        MAP_TEST_EACH(partial_rows),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
