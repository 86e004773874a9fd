/* parallel_query over ranges of keys: of indexes and of tables WITHOUT ROWID, with keys of any kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/query_test.h"

#define NUMBERS "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 4000)"

/* Rows of each key, none lost and none twice. */
static void keys_of_any_kind(void **state)
{
    /* Those from ODD on lie so that few searches do not find them. */
    enum { ODD = 11 };
    static const char *const keys[] = {
        "i",
        "-i * 1000003",
        "i % 40",
        "i / 7.0",
        "iif(i % 2, 1, -1) * exp(i / 8.0)",
        "CASE i WHEN 1 THEN 9e999 WHEN 2 THEN -9e999 WHEN 3 THEN 9223372036854775807 ELSE i * 0.5 END",
        "'customer_' || printf('%06d', i * 7919 % 4001)",
        "substr('abcdefghij', i % 10 + 1, 1) || i",
        "iif(i % 2, 'A', 'a') || (i % 50)",
        "CAST(i AS TEXT) || char(0, 255, i)",
        "CAST(printf('%d', i) AS BLOB)",
        "zeroblob(i % 60)",
        "x'ff' || zeroblob(i)",
        "iif(i < 20, i, 'a' || (i % 9))",
    };
    static const char *const columns[] = {"", "TEXT COLLATE NOCASE", "INT"};
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, "PRAGMA encoding = 'UTF-8'");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        for (size_t j = 0; j < sizeof columns / sizeof *columns; j++) {
            map_test_run(
                db,
                "DROP TABLE IF EXISTS t; CREATE TABLE t(k %s, v INT, PRIMARY KEY(k, v)) WITHOUT ROWID;"
                "DROP TABLE IF EXISTS u; CREATE TABLE u(v INT, k %s, more); CREATE INDEX i ON u(k DESC, v);",
                columns[j], columns[j]);
            map_test_run(
                db,
                NUMBERS
                " INSERT INTO t SELECT %s, i FROM n; INSERT INTO u SELECT v, k, 'as wide as needed' FROM t",
                keys[i]);
            query_test_expect_divided(test, "SELECT count(v + 0), sum(v), min(k), max(k) FROM u",
                                      "\"first_key\"");
            const char *of_table = "SELECT count(v + 0), sum(v), min(k), max(k) FROM t";
            if (i < ODD) {
                query_test_expect_divided(test, of_table, "\"first_key\"");
                continue;
            }
            char *why;
            query_test_compare(test, of_table, &why);
            sqlite3_free(why);
        }
}

static void texts_in_utf16(void **state)
{
    MapTest *test = *state;
    query_test_open(
        test, "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(k TEXT, v INT, PRIMARY KEY(k, v)) WITHOUT ROWID;"
              "CREATE TABLE u(k TEXT, v INT, more); CREATE INDEX i ON u(k, v);" NUMBERS
              "INSERT INTO t SELECT char(i * 17 % 60000 + 5) || i, i FROM n;"
              "INSERT INTO u SELECT *, 'as wide as needed' FROM t");
    query_test_expect_divided(test, "SELECT count(v + 0), sum(v) FROM t", "\"first_key\"");
    query_test_expect_divided(test, "SELECT count(v + 0), sum(v) FROM u", "\"first_key\"");
}

/* Conditions of the search stay: the range is searched instead of those on its column. */
static void searches_are_divided(void **state)
{
    MapTest *test = *state;
    sqlite3 *db =
        query_test_open(test, "CREATE TABLE t(a INT, k INT, v); CREATE INDEX i ON t(a, k);" NUMBERS
                              "INSERT INTO t SELECT i % 3, i * 37 % 1009, i FROM n;"
                              "CREATE TABLE s(n TEXT COLLATE NOCASE, v); CREATE INDEX j ON s(n);" NUMBERS
                              "INSERT INTO s SELECT char(65 + i % 26) || (i % 90), i FROM n");
    static const char *const selects[] = {
        "SELECT sum(v), count(v), min(v) FROM t WHERE a = 1",
        "SELECT sum(v), count(v), min(v) FROM t WHERE 2 = a AND k >= '100' AND k < 900.5",
        "SELECT sum(v), count(v), min(v) FROM t WHERE a = 1 AND k BETWEEN 10 AND 800 AND 700 > k",
        "SELECT sum(v), count(v), min(v) FROM t WHERE a > 0",
        "SELECT sum(v), count(v), min(v) FROM s WHERE n > 'c' AND n <= 'X5'",
        "SELECT sum(v), count(v), min(v) FROM s WHERE n BETWEEN 'B' AND 'b99'",
    };
    for (size_t i = 0; i < sizeof selects / sizeof *selects; i++)
        query_test_expect_divided(test, selects[i], " AND ");
    sql_test_expect(
        db, "SELECT count(*) FROM parallel_map_runs WHERE map LIKE '%first_key%' AND access = 'partition'",
        "6");
    map_test_run(
        db, "DROP TABLE temp.q; CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT count(v), sum(v) "
            "FROM t WHERE a = :a AND k > @least)");
    sql_test_expect(
        db,
        "SELECT (SELECT \"sum(v)\" FROM q(1, 500)) = (SELECT sum(v) FROM t WHERE a = 1 AND k > 500), "
        "(SELECT \"count(v)\" FROM q('2', 1e9))",
        "1|0");
}

/* Only the rows between the bounds are read, and each once, whatever kind of value a bound is. */
static void rowids_that_conditions_bound(void **state)
{
    static const char *const divided[] = {
        "id >= 3990",     "id > 3989.5 AND 4000 >= id", "id BETWEEN 3990 AND '4000' AND v > 0",
        "rowid >= 3990",  "id > 10 AND id > 3989",      "id < 12 AND v IS NOT NULL",
        "id <= abs(-11)", "id BETWEEN 3990 AND 9e999",  "oid < 12 AND (id > 2 OR v < 3)",
    };
    static const char *const without_rows[] = {"id < 0", "id > 'a'", "id >= NULL", "id < x'00' AND id > 4000",
                                               "id > 5 AND id < 5"};
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, "CREATE TABLE t(id INTEGER PRIMARY KEY, v INT);" NUMBERS
                                        "INSERT INTO t SELECT i, i % 90 FROM n");
    for (size_t i = 0; i < sizeof divided / sizeof *divided; i++) {
        char *select =
            sqlite3_mprintf("SELECT count(*), sum(v), min(id), max(id) FROM t WHERE %s", divided[i]);
        query_test_expect_divided(test, select, " IS TRUE");
        sqlite3_free(select);
        sql_test_expect(
            db, "SELECT rows_in BETWEEN 1 AND 11 FROM parallel_map_runs ORDER BY run DESC LIMIT 1", "1");
    }
    for (size_t i = 0; i < sizeof without_rows / sizeof *without_rows; i++) {
        char *select = sqlite3_mprintf("SELECT count(*), sum(v) FROM t WHERE %s", without_rows[i]), *why;
        query_test_compare(test, select, &why);
        assert_non_null(why);
        sqlite3_free(select);
        sqlite3_free(why);
    }
    map_test_run(db,
                 "DROP TABLE temp.q; CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT count(v) AS n "
                 "FROM t WHERE id >= :least AND id < :past)");
    sql_test_expect(db, "SELECT (SELECT n FROM q(3990, 3995)), (SELECT n FROM q('3990', 1e300))", "5|11");
    sql_test_expect(
        db, "SELECT (SELECT n FROM q('a', 10)), (SELECT n FROM q(NULL, 10)), (SELECT n FROM q(-5, 'a'))",
        "0|0|4000");
}

static void keys_that_are_null(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, "CREATE TABLE t(k, v, more); CREATE INDEX i ON t(k, v);" NUMBERS
                                        "INSERT INTO t SELECT i, i % 9, 'as wide as needed' FROM n");
    const char *select = "SELECT count(v), sum(v) FROM t";
    query_test_expect_divided(test, select, "\"first_key\"");
    map_test_run(db, "INSERT INTO t(v) VALUES (5)");
    /* The plan was made before. */
    sql_test_expect(db, "SELECT * FROM q", "4001|15999");
    sql_test_expect(db, "SELECT access, reason FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                    "'whole'|'run whole: NULL is among the keys that would be cut'");
    sql_test_expect(
        db,
        "SELECT count(*) FROM parallel_query_plan('SELECT count(v), sum(v) FROM t', 'threads') WHERE "
        "line LIKE '%morsels of rowids%'",
        "1");
    map_test_run(db, "UPDATE t SET k = 7");
    sql_test_run(db, "SELECT * FROM q");
    query_test_expect_whole(test, "SELECT sum(v) FROM t WHERE k > 5 AND k < 9",
                            "the keys that would be cut do not divide");
    query_test_expect_whole(test, "SELECT sum(v) FROM t WHERE k > 15 AND k < 19",
                            "no row has the key that would be cut");
}

/* Indexes that have not all rows, or no column as their key, give no ranges. */
static void indexes_without_ranges(void **state)
{
    MapTest *test = *state;
    query_test_open(test, "CREATE TABLE t(k INT, v INT); CREATE INDEX i ON t(k) WHERE v > 5;"
                          "CREATE INDEX j ON t(k + v);" NUMBERS "INSERT INTO t SELECT i % 50, i % 90 FROM n");
    query_test_expect_divided(test, "SELECT k, count(*) FROM t WHERE v > 5 GROUP BY k ORDER BY k",
                              "\"first_rowid\"");
    query_test_expect_whole(test, "SELECT sum(v), count(v) FROM t WHERE k + v > 5",
                            "t is searched by a range of an index");
}

/* Where the plain loop walks an index or the rows of a table WITHOUT ROWID, ranges are those of its key. */
static void plans(void **state)
{
    static const char *const cases[][2] = {
        {"SELECT k, count(day) FROM sales GROUP BY k", "Gather: ranges of k of sales, in their order"},
        {"SELECT k, count(day) FROM sales GROUP BY k", "Whole groups: k, count(day)"},
        {"SELECT k, count(day) FROM sales GROUP BY k",
         "SEARCH sales USING COVERING INDEX by_k (k>? AND k<?)"},
        {"SELECT day, count(k) FROM sales GROUP BY day", "Gather Merge: morsels of k of sales"},
        {"SELECT count(b + 1) FROM pairs", "morsels of a of pairs"},
        {"SELECT count(b + 1) FROM pairs",
         "(\"pairs\".\"a\" BETWEEN \"pricemap_morsel\".\"first_key\" AND \"pricemap_morsel\".\"last_key\")"},
        {"SELECT count(b + 1) FROM pairs", "SEARCH pairs USING PRIMARY KEY (a>? AND a<?)"},
        {"SELECT a, count(*), sum(b) FROM pairs GROUP BY a", "Whole groups"},
        {"SELECT sum(p) FROM sales WHERE k > 3 AND p AND 8 >= k", "((\"sales\".\"k\" > 3) IS TRUE)"},
        {"SELECT sum(p) FROM sales WHERE k > 3 AND p AND 8 >= k", "((8 >= \"sales\".\"k\") IS TRUE)"},
        {"SELECT sum(p) FROM sales WHERE k > 3 AND p AND 8 >= k",
         "SEARCH sales USING INDEX by_k (k>? AND k<?)"},
        {"SELECT sum(p) FROM sales WHERE k = 5", "SEARCH sales USING INDEX by_k (k=? AND day>? AND day<?)"},
        {"SELECT sum(p) FROM sales WHERE name = 'N5'", "by_name (name=? AND rowid>? AND rowid<?)"},
        /* Few large groups are found by rowids, small ones by their key. */
        {"SELECT name, sum(p) FROM sales GROUP BY name", "morsels of rowids of sales"},
        {"SELECT v, sum(p) FROM small GROUP BY v", "SEARCH small USING INDEX by_v (v>? AND v<?)"},
        {"SELECT v, p FROM small ORDER BY v, p", "ranges of v of small, in their order"},
        /* Groups by another collation than the index has are not whole. */
        {"SELECT w, count(*) FROM small INDEXED BY by_w GROUP BY w ORDER BY w", "COLLATE \"NOCASE\""},
        {"SELECT w, count(*) FROM small INDEXED BY by_w GROUP BY w ORDER BY w",
         "Gather Merge: morsels of w of small"},
        /* A function that costs more than rows is divided more evenly by rowids. */
        {"SELECT count(increase_price(day)) FROM sales WHERE +k", "morsels of rowids of sales"},
        {"SELECT sum(b) FROM pairs WHERE a = 5 AND b = 2",
         "Plain: pairs has no rowids, and no key that divides it"},
        {"SELECT max(k) FROM sales", "Plain: an index of sales answers it at once"},
    };
    sqlite3 *db = query_test_open(
        *state, "CREATE TABLE sales(id INTEGER PRIMARY KEY, day INT, p REAL, name TEXT COLLATE NOCASE, k);"
                "CREATE INDEX by_k ON sales(k, day); CREATE INDEX by_name ON sales(name);"
                "CREATE TABLE pairs(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID;"
                "CREATE TABLE small(v INT, w TEXT, p); CREATE INDEX by_v ON small(v);"
                "CREATE INDEX by_w ON small(w COLLATE NOCASE);" NUMBERS
                "INSERT INTO sales SELECT i, i % 7, i / 8.0, 'n' || (i % 20), i % 11 FROM n;"
                "INSERT INTO pairs SELECT id, p FROM sales; INSERT INTO small SELECT id / 3, "
                "iif(id % 2, 'a', 'A') || (id % 300), p FROM sales");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *why;
        query_test_expect_plan(db, cases[i][0], cases[i][1]);
        query_test_compare(*state, cases[i][0], &why);
        sqlite3_free(why);
    }
}

typedef struct Answer {
    int answer;
} Answer;

static int judge_key(void *arg, int action, const char *table, const char *column, const char *schema,
                     const char *trigger)
{
    (void)schema;
    (void)trigger;
    bool key = action == SQLITE_READ && table && column && !strcmp(table, "t") && !strcmp(column, "k");
    return key ? ((const Answer *)arg)->answer : SQLITE_OK;
}

/* The host's authorizer judges a key that the statement itself does not read. */
static void keys_that_the_host_denies(void **state)
{
    MapTest *test = *state;
    Answer answer = {SQLITE_OK};
    const char *select = "SELECT sum(v), count(v) FROM t";
    sqlite3 *db = query_test_open(test, "CREATE TABLE t(k INT PRIMARY KEY, v INT) WITHOUT ROWID;" NUMBERS
                                        "INSERT INTO t SELECT i, i % 90 FROM n");
    sqlite3_set_authorizer(db, judge_key, &answer);
    query_test_expect_divided(test, select, "\"first_key\"");
    answer.answer = SQLITE_DENY;
    query_test_expect_whole(test, select, "");
    answer.answer = SQLITE_IGNORE;
    query_test_expect_whole(test, select, "");
    sqlite3_set_authorizer(db, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(plans),
        MAP_TEST_EACH(keys_of_any_kind),
        MAP_TEST_EACH(texts_in_utf16),
        MAP_TEST_EACH(searches_are_divided),
        MAP_TEST_EACH(rowids_that_conditions_bound),
        MAP_TEST(keys_that_are_null),
        MAP_TEST_EACH(indexes_without_ranges),
        MAP_TEST_EACH(keys_that_the_host_denies),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
