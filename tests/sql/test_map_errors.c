/* Bad input: the exact message of every wrong argument, in both forms, and of what cannot be a map.
 * After each error the connection is as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "executor_list.h"
#include "tests/support/map_test.h"

/* CREATE VIRTUAL TABLE with these arguments has to fail with "parallel_map: " and this message. */
static void expect_table_error(sqlite3 *db, const char *arguments, const char *message, int line)
{
    char *sql = sqlite3_mprintf("CREATE VIRTUAL TABLE temp.bad USING parallel_map(%s)", arguments);
    char *whole = sqlite3_mprintf("parallel_map: %s", message);
    sql_test_expect_error_at(db, sql, SQLITE_ERROR, whole, __FILE__, line);
    sqlite3_free(sql);
    sqlite3_free(whole);
}

/* SELECT … FROM parallel_map(arguments), likewise. */
static void expect_call_error(sqlite3 *db, const char *arguments, const char *message, int line)
{
    char *sql = sqlite3_mprintf("SELECT * FROM parallel_map(%s)", arguments);
    char *whole = sqlite3_mprintf("parallel_map: %s", message);
    sql_test_expect_error_at(db, sql, SQLITE_ERROR, whole, __FILE__, line);
    sqlite3_free(sql);
    sqlite3_free(whole);
}

typedef struct Bad {
    int line;
    const char *arguments, *message;
} Bad;

static void expect_each(sqlite3 *db, void (*expect)(sqlite3 *, const char *, const char *, int),
                        const Bad *bad, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect(db, bad[i].arguments, bad[i].message, bad[i].line);
}

#define EXPECT_EACH(db, expect, bad) expect_each(db, expect, bad, sizeof(bad) / sizeof *(bad))

static void arguments_of_a_table(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    static const char names[] =
        "expected source, map, where, group_by, partial, executor, workers, chunk or ordered";
    char unknown[200], prefix[200];
    sqlite3_snprintf(sizeof unknown, unknown, "unknown argument 'wrokers': %s", names);
    sqlite3_snprintf(sizeof prefix, prefix, "unknown argument 'c': %s", names);
    const Bad bad[] = {
        {__LINE__, "source = prices, map = (p), wrokers = 2", unknown},
        {__LINE__, "source = prices, map = (p), c = 8", prefix},
        {__LINE__, "source = prices, map = (p), 5", "'5' is no argument: write name = value"},
        {__LINE__, "prices, p", "'prices' is no argument: write name = value"},
        {__LINE__, "'source' = prices", "''source' = prices' is no argument: write name = value"},
        {__LINE__, "source = prices, source = prices, map = (p)", "source is given twice: give it once"},
        {__LINE__, "source = prices, map = (p), MAP = (p)", "map is given twice: give it once"},
        {__LINE__, "source = prices, map = (p), chunk = 3, chunk = 3", "chunk is given twice: give it once"},
        {__LINE__, "source = prices, map = (p), executor = fibers",
         "executor is 'fibers': expected " EXECUTOR_CHOICES},
        {__LINE__, "source = prices, map = (p), executor =", "executor is '': expected " EXECUTOR_CHOICES},
        {__LINE__, "source = prices, map = (p), executor = thread",
         "executor is 'thread': expected " EXECUTOR_CHOICES},
        {__LINE__, "map = (p)", "source is missing: give a table's name or (SELECT …)"},
        {__LINE__, "source = prices", "map is missing: give the select-list to evaluate, map = (…)"},
        {__LINE__, "workers = 2", "source is missing: give a table's name or (SELECT …)"},
        {__LINE__, "source = prices, map = (p), workers = 0",
         "workers is '0': expected a whole number from 1 to 1024"},
        {__LINE__, "source = prices, map = (p), workers = 1025",
         "workers is '1025': expected a whole number from 1 to 1024"},
        {__LINE__, "source = prices, map = (p), workers = -1",
         "workers is '-1': expected a whole number from 1 to 1024"},
        {__LINE__, "source = prices, map = (p), workers = 2.0",
         "workers is '2.0': expected a whole number from 1 to 1024"},
        {__LINE__, "source = prices, map = (p), workers = 99999999999999999999",
         "workers is '99999999999999999999': expected a whole number from 1 to 1024"},
        {__LINE__, "source = prices, map = (p), workers = 4294967297",
         "workers is '4294967297': expected a whole number from 1 to 1024"},
        {__LINE__, "source = prices, map = (p), chunk = 0",
         "chunk is '0': expected a whole number of rows from 1 to 1000000000"},
        {__LINE__, "source = prices, map = (p), chunk = -1",
         "chunk is '-1': expected a whole number of rows from 1 to 1000000000"},
        {__LINE__, "source = prices, map = (p), chunk = 'x'",
         "chunk is 'x': expected a whole number of rows from 1 to 1000000000"},
        {__LINE__, "source = prices, map = (p), chunk = 1000000001",
         "chunk is '1000000001': expected a whole number of rows from 1 to 1000000000"},
        {__LINE__, "source = prices, map = (p), chunk = 1e3",
         "chunk is '1e3': expected a whole number of rows from 1 to 1000000000"},
        {__LINE__, "source = prices, map = (p), partial = yes", "partial is 'yes': expected 0 or 1"},
        {__LINE__, "source = prices, map = (p), ordered = 2", "ordered is '2': expected 0 or 1"},
        {__LINE__, "source = prices, map = (p), ordered = 01", "ordered is '01': expected 0 or 1"},
        {__LINE__, "source = prices, map = p", "map: write it in brackets: map = (p)"},
        {__LINE__, "source = prices, map = (p) + (id)", "map: write it in brackets: map = ((p) + (id))"},
        {__LINE__, "source = prices, map =", "map: write it in brackets: map = (…)"},
        {__LINE__, "source = prices, map = ()", "map: there is nothing in it"},
        {__LINE__, "source = prices, map = ( /* nothing */ )", "map: there is nothing in it"},
        {__LINE__, "source = prices, map = (p), where = p > 1",
         "where: write it in brackets: where = (p > 1)"},
        {__LINE__, "source = prices, map = (count(*)), group_by = (p)",
         "group_by needs partial = 1: groups are formed per chunk, and the query around the map combines "
         "them"},
        {__LINE__, "source = (), map = (p)", "source is empty: expected a table's name or a SELECT"},
        {__LINE__, "source = , map = (p)", "source is empty: expected a table's name or a SELECT"},
    };
    EXPECT_EACH(db, expect_table_error, bad);
    sql_test_expect(db, "SELECT count(*) FROM temp.sqlite_schema", "0");
    sql_test_expect_error(
        db, "CREATE VIRTUAL TABLE raised USING parallel_map(source = prices, map = (p))", SQLITE_ERROR,
        "parallel_map: a map runs what its text says, so it is kept in no file: write CREATE VIRTUAL "
        "TABLE temp.raised USING parallel_map(…)");
    sql_test_run(db, "ATTACH ':memory:' AS other");
    sql_test_expect_error(
        db, "CREATE VIRTUAL TABLE other.raised USING parallel_map(source = prices, map = (p))", SQLITE_ERROR,
        "parallel_map: a map runs what its text says, so it is kept in no file: write CREATE VIRTUAL "
        "TABLE temp.raised USING parallel_map(…)");
}

static void arguments_of_a_call(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    static const Bad bad[] = {
        {__LINE__, "'prices'", "map is missing: call parallel_map(source, map [, executor, workers, chunk])"},
        {__LINE__, "NULL, 'p'", "source is NULL: expected a table's name or a SELECT"},
        {__LINE__, "'prices', NULL", "map is NULL: expected an expression over the columns of the source"},
        {__LINE__, "'', 'p'", "source is empty: expected a table's name or a SELECT"},
        {__LINE__, "' ', 'p'", "source is empty: expected a table's name or a SELECT"},
        {__LINE__, "'()', 'p'", "source is empty: expected a table's name or a SELECT"},
        {__LINE__, "'prices', ''", "map: there is nothing in it"},
        {__LINE__, "'prices', '-- p'", "map: there is nothing in it"},
        {__LINE__, "'prices', 'p', 'fibers'", "executor is 'fibers': expected " EXECUTOR_CHOICES},
        {__LINE__, "'prices', 'p', 'serial', 0", "workers is '0': expected a whole number from 1 to 1024"},
        {__LINE__, "'prices', 'p', 'serial', 'two'",
         "workers is 'two': expected a whole number from 1 to 1024"},
        {__LINE__, "'prices', 'p', 'serial', 1.5",
         "workers is '1.5': expected a whole number from 1 to 1024"},
        {__LINE__, "'prices', 'p', 'serial', 1, 0",
         "chunk is '0': expected a whole number of rows from 1 to 1000000000"},
        {__LINE__, "'prices', 'p', 'serial', 1, -1",
         "chunk is '-1': expected a whole number of rows from 1 to 1000000000"},
        {__LINE__, "'prices', 'p', 'serial', 1, 'x'",
         "chunk is 'x': expected a whole number of rows from 1 to 1000000000"},
        {__LINE__, "'prices', 'p, id'",
         "map is 'p, id': expected one expression; for several columns use CREATE VIRTUAL TABLE temp.name "
         "USING "
         "parallel_map(…)"},
        {__LINE__, "'SELECT p, id FROM prices', '*'",
         "map is '*': expected one expression; for several columns use CREATE VIRTUAL TABLE temp.name USING "
         "parallel_map(…)"},
        {__LINE__, "'prices' || char(0) || 'x', 'p'", "source holds a NUL character: give plain text"},
        {__LINE__, "'prices', 'p' || char(0) || ' + 1'", "map holds a NUL character: give plain text"},
        {__LINE__, "'prices', 'p', 'serial' || char(0)", "executor holds a NUL character: give plain text"},
    };
    EXPECT_EACH(db, expect_call_error, bad);
    sql_test_expect_error(
        db, "SELECT * FROM parallel_map", SQLITE_ERROR,
        "parallel_map: source is missing: call parallel_map(source, map [, executor, workers, chunk])");
    sql_test_expect_error(db, "SELECT * FROM parallel_map('prices', 'p', 'serial', 1, 1, 1)", SQLITE_ERROR,
                          "too many arguments on parallel_map() - max 5");
    sql_test_expect_error(db, "INSERT INTO parallel_map(key) VALUES (1)", SQLITE_ERROR,
                          "table parallel_map may not be modified");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map('prices', 'p', NULL, NULL, NULL)", "20");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map('prices', 'p', 'SERIAL', '1', '7')", "20");
}

/* What is wrong with a source or a map is the same in both forms; the arguments are written as the
 * function's. */
static void sources(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    static const Bad bad[] = {
        {__LINE__, "'nowhere', 'p'", "source: no such table: nowhere"},
        {__LINE__, "'main.nowhere', 'p'", "source: no such table: main.nowhere"},
        {__LINE__, "'elsewhere.prices', 'p'", "source: no such table: elsewhere.prices"},
        {__LINE__, "'SELECT p FROM nowhere', 'p'", "source: no such table: nowhere"},
        {__LINE__, "'SELECT q FROM prices', 'p'", "source: no such column: q"},
        {__LINE__, "'SELEC p', 'p'", "source is 'SELEC p': expected a table's name or a SELECT"},
        {__LINE__, "'prices, prices', 'p'",
         "source is 'prices, prices': expected a table's name or a SELECT"},
        {__LINE__, "'prices WHERE 1', 'p'",
         "source is 'prices WHERE 1': expected a table's name or a SELECT"},
        {__LINE__, "'42', 'p'", "source is '42': expected a table's name or a SELECT"},
        {__LINE__, "'DELETE FROM prices', 'p'",
         "source is 'DELETE FROM prices': expected a table's name or a SELECT"},
        {__LINE__, "'PRAGMA user_version', 'p'",
         "source is 'PRAGMA user_version': expected a table's name or a SELECT"},
        {__LINE__, "'EXPLAIN SELECT 1', 'p'",
         "source is 'EXPLAIN SELECT 1': expected a table's name or a SELECT"},
        {__LINE__, "'ATTACH '':memory:'' AS x', 'p'",
         "source is 'ATTACH ':memory:' AS x': expected a table's name or a SELECT"},
        {__LINE__, "'WITH x AS (SELECT 1) DELETE FROM prices', 'p'",
         "source is 'WITH x AS (SELECT 1) DELETE FROM prices': it must only read: give a SELECT"},
        {__LINE__, "'WITH x AS (SELECT 1) DELETE FROM prices RETURNING p', 'p'",
         "source is 'WITH x AS (SELECT 1) DELETE FROM prices RETURNING p': it must only read: give a SELECT"},
        {__LINE__, "'SELECT p FROM prices; SELECT 1', 'p'", "source holds two statements: give one SELECT"},
        {__LINE__, "'SELECT p FROM prices; DELETE FROM prices', 'p'",
         "source holds two statements: give one SELECT"},
        {__LINE__, "'SELECT ?1 AS p', 'p'",
         "source: parameters cannot be bound in it: write the values, as quote() gives "
         "them"},
        {__LINE__, "'SELECT :p AS p', 'p'",
         "source: parameters cannot be bound in it: write the values, as quote() gives "
         "them"},
        {__LINE__, "'SELECT $p AS p', 'p'",
         "source: parameters cannot be bound in it: write the values, as quote() gives "
         "them"},
        {__LINE__, "'SELECT ''p', 'p'", "source: unrecognized token: \"'p\""},
        {__LINE__, "'SELECT (p FROM prices', 'p'", "source: near \"FROM\": syntax error"},
        {__LINE__, "'SELECT p FROM prices) UNION SELECT (1', 'p'", "source: near \")\": syntax error"},
    };
    EXPECT_EACH(db, expect_call_error, bad);
    sql_test_expect(db, "SELECT count(*) FROM prices", "20");
    /* A semicolon or a comment at the end is no second statement. */
    sql_test_expect(db, "SELECT count(*) FROM parallel_map('SELECT p FROM prices; -- all', 'p')", "20");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map('SELECT p FROM prices -- all', 'p')", "20");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map(' ( SELECT p FROM prices ) ', 'p')", "20");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map('/* it */ \"prices\" -- it', 'p')", "20");
    expect_table_error(db, "source = nowhere, map = (p)", "source: no such table: nowhere", __LINE__);
    expect_table_error(db, "source = (SELECT 1 AS p; SELECT 2), map = (p)",
                       "source holds two statements: give one SELECT", __LINE__);
    expect_table_error(db, "source = (DELETE FROM prices), map = (p)",
                       "source is 'DELETE FROM prices': expected a table's name or a SELECT", __LINE__);
}

static void maps(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    static const Bad bad[] = {
        {__LINE__, "'prices', 'q'", "map: no such column: q: the source has id, p"},
        {__LINE__, "'prices', 'other.p'", "map: no such column: other.p: the source has id, p"},
        {__LINE__, "'SELECT p FROM prices', 'rowid'", "map: no such column: rowid: the source has p"},
        {__LINE__, "'prices', 'p FROM prices'",
         "map: FROM has no place here: the rows come from source, and only from there"},
        {__LINE__, "'prices', 'p WHERE 1'",
         "map: WHERE has no place here: the rows come from source, and only from there"},
        {__LINE__, "'prices', 'p LIMIT 1'",
         "map: LIMIT has no place here: the rows come from source, and only from there"},
        {__LINE__, "'prices', 'p ORDER BY 1'",
         "map: ORDER has no place here: the rows come from source, and only from there"},
        {__LINE__, "'prices', 'p GROUP BY 1'",
         "map: GROUP has no place here: the rows come from source, and only from there"},
        {__LINE__, "'prices', 'p HAVING 1'",
         "map: HAVING has no place here: the rows come from source, and only from there"},
        {__LINE__, "'prices', 'p UNION SELECT 1'",
         "map: UNION has no place here: the rows come from source, and only from there"},
        {__LINE__, "'prices', 'p EXCEPT SELECT 1'",
         "map: EXCEPT has no place here: the rows come from source, and only from there"},
        {__LINE__, "'prices', 'SELECT p'",
         "map: SELECT has no place here: the rows come from source, and only from there"},
        {__LINE__, "'prices', 'p; DELETE FROM prices'",
         "map: ';' has no place here: there is one statement, and this is a part of it"},
        {__LINE__, "'prices', 'p;'",
         "map: ';' has no place here: there is one statement, and this is a part of it"},
        {__LINE__, "'prices', '(p'", "map: a '(' is not closed"},
        {__LINE__, "'prices', 'p)'", "map: there is a ')' too many"},
        {__LINE__, "'prices', 'p) FROM prices, (prices'", "map: there is a ')' too many"},
        {__LINE__, "'prices', '''p'", "map: a quote or comment is not closed"},
        {__LINE__, "'prices', '\"p'", "map: a quote or comment is not closed"},
        {__LINE__, "'prices', 'p /*'", "map: a quote or comment is not closed"},
        {__LINE__, "'prices', '?'",
         "map: parameters cannot be bound here: make the value a column of the source, or "
         "write it as quote() gives it"},
        {__LINE__, "'prices', '?12'",
         "map: parameters cannot be bound here: make the value a column of the source, or "
         "write it as quote() gives it"},
        {__LINE__, "'prices', ':p'",
         "map: parameters cannot be bound here: make the value a column of the source, or "
         "write it as quote() gives it"},
        {__LINE__, "'prices', '@p'",
         "map: parameters cannot be bound here: make the value a column of the source, or "
         "write it as quote() gives it"},
        {__LINE__, "'prices', '$p'",
         "map: parameters cannot be bound here: make the value a column of the source, or "
         "write it as quote() gives it"},
        {__LINE__, "'prices', 'DISTINCT p'",
         "map: DISTINCT would hold per chunk only: say it in the query around the map"},
        {__LINE__, "'prices', char(32, 11) || 'DISTINCT p'",
         "map: DISTINCT would hold per chunk only: say it in the query around the map"},
        {__LINE__, "'prices', 'p p p'", "map: near \"p\": syntax error"},
        {__LINE__, "'prices', 'sum(p)'",
         "map: an aggregate would be computed per chunk: use it in the query around the map, or CREATE "
         "VIRTUAL TABLE temp.name USING parallel_map(…, partial = 1) and combine the parts"},
        {__LINE__, "'prices', '(SELECT max(p) FROM json_each(''[1]''))'",
         "map: an aggregate would be computed per chunk: use it in the query around the map, or CREATE "
         "VIRTUAL TABLE temp.name USING parallel_map(…, partial = 1) and combine the parts"},
        {__LINE__, "'prices', 'sum(p) OVER ()'",
         "map: a window function would see one chunk only: use it in the query around the map"},
        {__LINE__, "'prices', 'row_number ( ) OVER (ORDER BY p)'",
         "map: a window function would see one chunk only: use it in the query around the map"},
        {__LINE__, "'prices', 'sum(p) FILTER (WHERE p > 1) OVER (PARTITION BY id)'",
         "map: a window function would see one chunk only: use it in the query around the map"},
        {__LINE__, "'prices', 'rank() OVER w'", "map: no such window: w"},
        {__LINE__, "'prices', 'increase_price()'",
         "map: wrong number of arguments to function increase_price()"},
        {__LINE__, "'prices', 'nonsense(p)'",
         "map: no such function: nonsense: workers have SQLite's own functions and pricemap's; "
         "parallel_map_load(path) "
         "loads an extension into them"},
        {__LINE__, "'prices', '(SELECT count(*) FROM prices)'",
         "map: no such table: prices: a map reads nothing but the columns of its source"},
        {__LINE__, "'prices', '(SELECT count(*) FROM parallel_map(''prices'', ''p''))'",
         "map: no such table: parallel_map: a map reads nothing but the columns of its source"},
    };
    EXPECT_EACH(db, expect_call_error, bad);
    expect_table_error(db, "source = prices, map = (p, q)", "map: no such column: q: the source has id, p",
                       __LINE__);
    expect_table_error(db, "source = prices, map = (p), where = (q > 1)",
                       "map: no such column: q: the source has id, p", __LINE__);
    expect_table_error(db, "source = prices, map = (p FROM prices)",
                       "map: FROM has no place here: the rows come from source, and only from there",
                       __LINE__);
    expect_table_error(db, "source = prices, map = (p), where = (1 UNION SELECT 1)",
                       "where: UNION has no place here: the rows come from source, and only from there",
                       __LINE__);
    expect_table_error(db, "source = prices, map = (count(*)), partial = 1, group_by = (p ORDER BY p)",
                       "group_by: ORDER has no place here: the rows come from source, and only from there",
                       __LINE__);
    expect_table_error(db, "source = prices, map = (p), where = (p > 1; 1)",
                       "where: ';' has no place here: there is one statement, and this is a part of it",
                       __LINE__);
    expect_table_error(
        db, "source = prices, map = (count(*), max(p))",
        "map: an aggregate would be computed per chunk: use it in the query around the map, or say partial "
        "= 1 and combine the parts",
        __LINE__);
    expect_table_error(db, "source = prices, map = (p), partial = 1",
                       "partial = 1 needs a map of aggregates, or a group_by", __LINE__);
    sql_test_expect_error(
        db,
        "CREATE VIRTUAL TABLE temp.bad USING parallel_map(source = prices, map = (count(*)), "
        "where = (count(*) > 1), partial = 1)",
        SQLITE_ERROR, "parallel_map: map: misuse of aggregate: count()");
    /* Texts that only resemble the above. */
    sql_test_expect(
        db, "SELECT value FROM parallel_map('prices', '(SELECT 5 WHERE p IS NOT NULL LIMIT 1)') LIMIT 1",
        "5");
    sql_test_expect(db, "SELECT value FROM parallel_map('prices', 'p IS DISTINCT FROM NULL') LIMIT 1", "1");
    sql_test_expect(db, "SELECT value FROM parallel_map('prices', '''; FROM ? '' || \"id\"') LIMIT 1",
                    "'; FROM ? 0'");
    sql_test_expect(db, "SELECT value FROM parallel_map('prices', 'max(p, 3) -- ; FROM') LIMIT 1", "3");
    sql_test_expect(db, "SELECT value FROM parallel_map('prices', 'CASE WHEN p < 1 THEN ''<'' END') LIMIT 1",
                    "'<'");
}

/* The message of the function, with the row. */
static void errors_in_rows(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    sql_test_run(db, "CREATE TABLE prices(p); INSERT INTO prices VALUES (1), (2), ('cheap'), (4), (x'00')");
    static const int chunks[] = {0, 1, 2, 100};
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        map_test_chunk(db, chunks[i]);
        sql_test_expect_error(db, "SELECT * FROM parallel_map('prices', 'increase_price(p)')", SQLITE_ERROR,
                              "increase_price: price is 'cheap': expected a number (row 3)");
        sql_test_expect_error(
            db, "SELECT * FROM parallel_map('SELECT p FROM prices WHERE p > 2', 'increase_price(p)')",
            SQLITE_ERROR, "increase_price: price is 'cheap': expected a number (row 1)");
        sql_test_expect_error(db, "SELECT * FROM parallel_map('prices', 'abs(-9223372036854775807 - p)')",
                              SQLITE_ERROR, "integer overflow (row 1)");
        sql_test_expect_error(db, "SELECT * FROM parallel_map('prices', 'json(p)')", SQLITE_ERROR,
                              "malformed JSON (row 3)");
        sql_test_expect(db, "SELECT error FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                        "'malformed JSON (row 3)'");
    }
    sql_test_expect(db, "SELECT count(*) FROM parallel_map('prices', 'p')", "5");
}

/* The host's own error in reading the source comes after the rows before it, with the source's message. */
static void errors_in_the_source(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    sqlite3_stmt *statement;
    sql_test_run(db, "CREATE TABLE prices(p); INSERT INTO prices VALUES (1), (2), ('{'), (4)");
    map_test_chunk(db, 1);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT value FROM parallel_map('SELECT json(p) AS p FROM prices', 'p + 1')",
                           -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 2);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 3);
    assert_int_equal(sqlite3_step(statement), SQLITE_ERROR);
    assert_string_equal(sqlite3_errmsg(db), "malformed JSON");
    sqlite3_finalize(statement);
}

/* The rows before the error arrive; of two failing rows the earlier is reported, though the later fails
 * first. */
static void rows_before_an_error(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    static const int chunks[] = {0, 1, 7, 1000};
    sql_test_run(
        db, "CREATE TABLE t(a); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 100) SELECT i FROM n");
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        sqlite3_stmt *statement;
        int rows = 0;
        map_test_chunk(db, chunks[i]);
        /* Row 40 is slow and then fails; row 41 fails at once. */
        assert_int_equal(
            sqlite3_prepare_v2(db,
                               "SELECT value FROM parallel_map('t', 'CASE a WHEN 40 THEN "
                               "increase_price_crazy(1, 10, 2000000) + increase_price(''slow'') WHEN 41 THEN "
                               "increase_price(''fast'') ELSE a END')",
                               -1, &statement, NULL),
            SQLITE_OK);
        int rc;
        while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
            assert_int_equal(sqlite3_column_int(statement, 0), ++rows);
        assert_int_equal(rows, 39);
        assert_int_equal(rc, SQLITE_ERROR);
        assert_string_equal(sqlite3_errmsg(db),
                            "increase_price: price is 'slow': expected a number (row 40)");
        sqlite3_finalize(statement);
        map_test_same(db, "SELECT a FROM t", "SELECT value FROM parallel_map('t', 'a')");
    }
}

/* A value larger than the host allows. */
static void too_big(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    int before = sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 100000);
    sql_test_expect_error(db, "SELECT length(value) FROM parallel_map('prices', 'zeroblob(100001)')",
                          SQLITE_TOOBIG, "string or blob too big (row 1)");
    sql_test_expect(db, "SELECT max(length(value)) FROM parallel_map('prices', 'zeroblob(100000)')",
                    "100000");
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, before);
    sql_test_expect(db, "SELECT max(length(value)) FROM parallel_map('prices', 'zeroblob(100001)')",
                    "100001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(arguments_of_a_table),
        MAP_TEST(arguments_of_a_call),
        MAP_TEST(sources),
        MAP_TEST(maps),
        MAP_TEST_EACH(errors_in_rows),
        MAP_TEST_EACH(errors_in_the_source),
        MAP_TEST_EACH(rows_before_an_error),
        MAP_TEST_EACH(too_big),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
