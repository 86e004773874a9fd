/* parallel_query: the rows, the columns and the errors of the plain SELECT, whichever side computes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "executor_list.h"
#include "tests/support/map_test.h"

#define ROWS "20000"

/* Sums of halves are exact in any order, so that they are the plain query's on every SQLite. */
static const char make_tables[] =
    "CREATE TABLE sales(id INTEGER PRIMARY KEY, item INT, day INT, p REAL, name TEXT COLLATE NOCASE, big INT, "
    "secret);"
    "CREATE TABLE items(item INTEGER PRIMARY KEY, category TEXT, price REAL);"
    "CREATE TABLE codes(code TEXT, item INT);"
    "CREATE VIEW cheap AS SELECT id, p, item FROM sales WHERE p < 4000;"
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < " ROWS ")"
    "INSERT INTO sales SELECT i, nullif(i * 7 %% 101, 50), i %% 13, i / 2.0, iif(i %% 2, 'N', 'n') || (i %% 10),"
    " 9223372036854775807, i FROM n;"
    "WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
    "INSERT INTO items SELECT i, 'c' || (i %% 7), i / 4.0 FROM n;"
    "INSERT INTO codes SELECT 'code' || (item %% 5), item FROM items;";

static char *open_file(MapTest *test, const char *journal)
{
    char *path = map_test_path(test, "q.db");
    sql_test_close(&test->db);
    test->db = map_test_open(test, path);
    map_test_run(test->db, "PRAGMA journal_mode = %s", journal);
    map_test_run(test->db, make_tables);
    return path;
}

static void create(sqlite3 *db, const char *select)
{
    map_test_run(db, "DROP TABLE IF EXISTS temp.q");
    map_test_run(db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(%s)", select);
}

/* How the last query was run; where it was not run so, the reason shows. */
static void expect_access(sqlite3 *db, const char *access)
{
    char *sql = sqlite3_mprintf("SELECT access, iif(access = %Q, NULL, source || ': ' || reason) FROM "
                                "parallel_map_runs ORDER BY run DESC LIMIT 1",
                                access);
    char *expected = sqlite3_mprintf("%Q|NULL", access);
    sql_test_expect(db, sql, expected);
    sqlite3_free(sql);
    sqlite3_free(expected);
}

static void expect_whole(sqlite3 *db, const char *reason)
{
    char *sql = sqlite3_mprintf(
        "SELECT access, executor, reason LIKE 'run whole: %q' FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
        reason);
    sql_test_expect(db, sql, "'whole'|'serial'|1");
    sqlite3_free(sql);
}

/* Selects that are divided, in the order that they say or in one that has to be put on both. */
static const struct {
    const char *select, *order;
    /* Whether it may be left whole. */
    bool whole;
} selects[] = {
    {"SELECT day, sum(p), avg(p), total(item), count(*), count(item), min(name), max(p) FROM sales GROUP BY day",
     "1", false},
    {"SELECT count(*), sum(item), avg(item), sum(p) FROM sales WHERE day IN (1, 2, 3)", "1", false},
    {"SELECT name, count(DISTINCT item) FROM sales GROUP BY name ORDER BY name", NULL, false},
    {"SELECT category, sum(p) AS total, avg(p), count(*) FROM sales JOIN items USING (item) GROUP BY category "
     "HAVING count(*) > 10 ORDER BY total DESC LIMIT 5",
     NULL, false},
    {"SELECT id, p * 2 FROM sales WHERE day = 5 AND item > 60", "1", false},
    {"SELECT id, p FROM sales WHERE day = 5 ORDER BY p DESC, id LIMIT 7 OFFSET 3", NULL, false},
    {"SELECT DISTINCT day, item FROM sales WHERE item < 20", "1, 2", false},
    {"SELECT i.category, s.day, sum(s.p) FROM sales AS s LEFT JOIN items AS i ON i.item = s.item AND i.price > 5 "
     "GROUP BY i.category, s.day",
     "1, 2", false},
    {"SELECT sum(p) FILTER (WHERE day > 6) AS late, sum(p) FILTER (WHERE day <= 6) AS early FROM sales", "1",
     false},
    {"SELECT item, sum(p) FROM cheap GROUP BY item", "1", true},
    {"SELECT count(*) FROM sales WHERE item IN (SELECT item FROM codes WHERE code = 'code3')", "1", false},
    {"SELECT day, count(*) FROM sales AS s WHERE p > (SELECT avg(price) FROM items WHERE items.item < s.item) "
     "GROUP BY day",
     "1", false},
    {"SELECT upper(name) AS n, sum(item) + count(*) * 2 FROM sales GROUP BY upper(name) ORDER BY n DESC",
     NULL, false},
    {"SELECT sum(increase_price(p)) IS NOT NULL, count(*) FROM sales", "1", false},
};

/* The statement over the query's table has to give the rows of the plain one. They run one after the other:
   in WAL mode workers can only prove that they see what the host sees where its view begins with the
   query. */
static void same_rows(sqlite3 *db, const char *plain, const char *sql)
{
    char *rows = sql_test_rows(db, sql), *expected = sql_test_rows(db, plain);
    assert_string_equal(rows, expected);
    sqlite3_free(rows);
    sqlite3_free(expected);
}

static void same_as_plain(sqlite3 *db, const char *select, const char *order)
{
    create(db, select);
    char *plain = sqlite3_mprintf(order ? "SELECT * FROM (%s) ORDER BY %s" : "%s", select, order);
    char *query = sqlite3_mprintf(order ? "SELECT * FROM q ORDER BY %s" : "SELECT * FROM q", order);
    same_rows(db, plain, query);
    /* Once more: plans and workers are there by now. */
    same_rows(db, plain, query);
    sqlite3_free(plain);
    sqlite3_free(query);
}

static void rows_are_those_of_the_select(void **state)
{
    MapTest *test = *state;
    static const char *const journals[] = {"delete", "wal"};
    for (size_t i = 0; i < sizeof journals / sizeof *journals; i++) {
        char *path = open_file(test, journals[i]);
        for (size_t j = 0; j < sizeof selects / sizeof *selects; j++) {
            same_as_plain(test->db, selects[j].select, selects[j].order);
            /* `auto` may find, by what it measures, that some have too many groups. */
            if (!selects[j].whole && strcmp(test->executor, "auto") != 0)
                expect_access(test->db, "partition");
        }
        sql_test_close(&test->db);
        unlink(path);
        sqlite3_free(path);
    }
    test->db = map_test_open(test, ":memory:");
}

static void columns_have_names_and_types(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    create(
        test->db,
        "SELECT id, name, name AS again, p, p + 1, sum(item) AS s FROM sales WHERE day = :day OR p > @p GROUP BY id");
    sql_test_expect(
        test->db, "SELECT name, type, hidden FROM pragma_table_xinfo('q')",
        "'id'|'INTEGER'|0\n'name'|'TEXT'|0\n'again'|'TEXT'|0\n'p'|'REAL'|0\n'p + 1'|''|0\n's'|''|0\n'day'|''|1\n"
        "'@p'|''|1");
    /* The collation of a column is the column's. */
    create(test->db, "SELECT id, name FROM sales");
    sql_test_expect(test->db, "SELECT count(*) FROM q WHERE name = 'N7'", "2000");
    sqlite3_free(path);
}

/* The columns of a table are those of the statement `select`, as sqlite3_column_name has them, but that an
   equal name has a number. */
static void expect_names_of(sqlite3 *db, const char *select)
{
    sqlite3_stmt *plain, *query;
    create(db, select);
    assert_int_equal(sqlite3_prepare_v2(db, select, -1, &plain, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM q", -1, &query, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_column_count(query), sqlite3_column_count(plain));
    for (int i = 0; i < sqlite3_column_count(plain); i++) {
        const char *type = sqlite3_column_decltype(plain, i);
        assert_string_equal(sqlite3_column_name(query, i), sqlite3_column_name(plain, i));
        if (type)
            assert_string_equal(sqlite3_column_decltype(query, i), type);
    }
    sqlite3_finalize(plain);
    sqlite3_finalize(query);
    sql_test_run(db, "DROP TABLE q");
}

static void names_are_those_of_the_statement(void **state)
{
    static const char *const statements[] = {
        "SELECT s.name COLLATE nocase COLLATE rtrim, s.p FROM sales s",
        "SELECT s.name COLLATE binary, s.name FROM sales s",
        "SELECT -s.p, +p, (p), p  +  1, \"name\", [day], `big`, 'a''b', \"s\".\"id\" FROM sales s",
        "SELECT * FROM sales",
        "SELECT i.*, s.p FROM sales s JOIN items i USING (item)",
        "SELECT * FROM sales JOIN items USING (item)",
        "SELECT * FROM sales NATURAL JOIN codes",
        "SELECT *, p AS \"of cheap\" FROM cheap",
        "SELECT c.p COLLATE nocase, c.item FROM cheap c",
        "WITH c(x, \"y z\") AS (SELECT id, name FROM sales) SELECT x, \"y z\", c.x + 1 FROM c",
        "WITH c AS MATERIALIZED (SELECT id, s.name COLLATE rtrim FROM sales s) SELECT * FROM c",
        "SELECT p AS \"a \"\" b\", day AS 'rowid 1', 1 AS \"\", true, NULL, x'00', rowid FROM sales",
        "SELECT day, count(*), sum(p) FILTER (WHERE day > 1) FROM sales GROUP BY day",
        "SELECT CAST(p AS INT), (SELECT max(price) FROM items), CASE day WHEN 1 THEN 2 END FROM sales",
        "SELECT day FROM sales UNION ALL SELECT item FROM items",
        "VALUES(1, 2)",
    };
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        expect_names_of(test->db, statements[i]);
    sqlite3_free(path);
}

/* Names are made different by numbers that stay the same, however many are equal. */
static void equal_names_have_numbers(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    create(
        test->db,
        "SELECT id, id, ID, \"id\", s.id, id, id, p AS 'id:2', p AS 'x:7', p AS 'x:7' FROM sales s WHERE id = 1");
    sql_test_expect(test->db, "SELECT group_concat(name, ' ') FROM pragma_table_info('q')",
                    "'id id:1 id:2 id:3 id:4 id:5 id:6 id:7 x:7 x:1'");
    sql_test_expect(test->db, "SELECT group_concat(type, ' ') FROM pragma_table_info('q')",
                    "'INTEGER INTEGER INTEGER INTEGER INTEGER INTEGER INTEGER REAL REAL REAL'");
    sql_test_expect(test->db, "SELECT * FROM q", "1|1|1|1|1|1|1|0.5|0.5|0.5");
    sql_test_expect(test->db, "SELECT * FROM q", "1|1|1|1|1|1|1|0.5|0.5|0.5");
    sqlite3_free(path);
}

static void a_comment_ends_a_query(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    create(test->db, "SELECT count(p) FROM sales -- c\n");
    sql_test_expect(test->db, "SELECT * FROM q", ROWS);
    expect_access(test->db, "partition");
    create(test->db, "query = (SELECT count(p) FROM sales -- c\n), workers = 2");
    sql_test_expect(test->db, "SELECT * FROM q", ROWS);
    create(test->db, "SELECT count(p) FROM sales; -- c\n");
    sql_test_expect(test->db, "SELECT * FROM q", ROWS);
    sqlite3_free(path);
}

static void parameters_are_hidden_columns(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "wal");
    sqlite3 *db = test->db;
    create(
        db,
        "SELECT category, sum(p * :factor) AS total FROM sales JOIN items USING (item) WHERE day >= :day GROUP BY category ORDER BY 1");
    same_rows(
        db,
        "SELECT category, sum(p * 2) FROM sales JOIN items USING (item) WHERE day >= 7 GROUP BY category ORDER BY 1",
        "SELECT * FROM q(2, 7)");
    expect_access(db, "partition");
    same_rows(
        db,
        "SELECT category, sum(p * 0.5) FROM sales JOIN items USING (item) WHERE day >= 3 GROUP BY category ORDER BY 1",
        "SELECT * FROM q WHERE day = 3 AND factor = 0.5");
    sql_test_expect(db, "SELECT column1, (SELECT count(*) FROM q(1, column1)) FROM (VALUES (1), (100))",
                    "1|7\n100|0");
    sql_test_expect(db, "SELECT DISTINCT factor, day FROM q('2', 12)", "'2'|12");
    /* SQLite drops a row of one term of an OR whose number another term has given. */
    sql_test_expect(db, "SELECT count(*) FROM q(1, 7) WHERE category = 'c1' OR total < 0", "1");
    sql_test_expect(db, "SELECT sum(factor) FROM q WHERE factor=1 AND day=7 OR factor IS 2 AND day=3", "21");
    sql_test_expect_error(
        db, "SELECT * FROM q", SQLITE_ERROR,
        "parallel_query: no value is given for the parameter :factor: call the table with it, like a function");
    sql_test_expect_error(
        db, "SELECT * FROM q(1)", SQLITE_ERROR,
        "parallel_query: no value is given for the parameter :day: call the table with it, like a function");
    sqlite3_free(path);
}

/* Where workers would not read what the host sees, the host runs the statement. */
static void the_hosts_own_view(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sqlite3 *db = test->db;
    const char *select = "SELECT day, sum(p), count(*) FROM sales GROUP BY day ORDER BY day";
    create(db, select);
    same_rows(db, select, "SELECT * FROM q");
    expect_access(db, "partition");
    map_test_run(db, "BEGIN; UPDATE sales SET p = p + 1, day = day + 1");
    same_rows(db, select, "SELECT * FROM q");
    expect_whole(db, "the host has changes of its own pending");
    map_test_run(db, "ROLLBACK");
    same_rows(db, select, "SELECT * FROM q");
    expect_access(db, "partition");
    map_test_run(db, "CREATE TEMP TABLE sales AS SELECT * FROM main.sales WHERE day = 3");
    same_rows(db, select, "SELECT * FROM q");
    expect_access(db, "whole");
    map_test_run(db, "DROP TABLE temp.sales");
    same_rows(db, select, "SELECT * FROM q");
    expect_access(db, "partition");
    map_test_run(db, "ATTACH ':memory:' AS other; CREATE TABLE other.t AS SELECT * FROM sales");
    same_as_plain(db, "SELECT day, sum(p) FROM other.t GROUP BY day", "1");
    expect_access(db, "whole");
    sqlite3_free(path);
}

static void schemas_change(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "wal");
    sqlite3 *db = test->db;
    const char *select = "SELECT day, max(item) AS most FROM sales WHERE item > 20 GROUP BY day ORDER BY day";
    create(db, select);
    same_rows(db, select, "SELECT * FROM q");
    map_test_run(db, "CREATE INDEX by_item ON sales(item)");
    same_rows(db, select, "SELECT * FROM q");
    map_test_run(db, "ANALYZE; DROP INDEX by_item; INSERT INTO sales(item, day) VALUES (1000, 4)");
    same_rows(db, select, "SELECT * FROM q");
    map_test_run(db, "ALTER TABLE sales RENAME COLUMN item TO thing");
    sql_test_expect_error(db, "SELECT * FROM q", SQLITE_ERROR, "no such column: item");
    create(db, "SELECT * FROM items");
    /* A statement that was prepared before reads columns that the table has no longer. */
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM q", -1, &statement, NULL), SQLITE_OK);
    sqlite3 *other = sql_test_open_plain(path);
    map_test_run(other, "ALTER TABLE items DROP COLUMN price");
    sql_test_close(&other);
    assert_int_equal(sqlite3_step(statement), SQLITE_ERROR);
    assert_string_equal(sqlite3_errmsg(db), "parallel_query: the query has other columns than this table by "
                                            "now: drop the table and create it again");
    sqlite3_finalize(statement);
    create(db, "SELECT * FROM items");
    same_rows(db, "SELECT * FROM items", "SELECT * FROM q");
    sqlite3_free(path);
}

static void errors_are_those_of_the_select(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sqlite3 *db = test->db;
    create(db, "SELECT sum(big) FROM sales");
    sql_test_expect_error(db, "SELECT * FROM q", SQLITE_ERROR, "integer overflow");
    expect_whole(db, "%integer overflow");
    create(db, "SELECT day, sum(iif(id = 17, big, -1)) AS s FROM sales GROUP BY day ORDER BY day");
    same_rows(db, "SELECT day, sum(iif(id = 17, big, -1)) AS s FROM sales GROUP BY day ORDER BY day",
              "SELECT * FROM q");
    map_test_run(db, "UPDATE sales SET big = -9223372036854775808 WHERE id = 19000");
    create(db, "SELECT day, sum(abs(big) > 0) FROM sales GROUP BY day");
    sql_test_expect_error(db, "SELECT * FROM q", SQLITE_ERROR, "integer overflow");
    expect_whole(db, "a part failed: integer overflow%");
    /* A row that the plain statement does not come to has no error. */
    same_as_plain(db, "SELECT id, abs(big) FROM sales LIMIT 10", NULL);
    sqlite3_free(path);
}

static void arguments_that_are_wrong(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    map_test_prices(db);
    static const char *const bad[][2] = {
        {"CREATE VIRTUAL TABLE main.q USING parallel_query(SELECT 1)",
         "parallel_query: a query runs what its text says, so it is kept in no file: write CREATE VIRTUAL TABLE "
         "temp.q USING parallel_query(…)"},
        {"CREATE VIRTUAL TABLE temp.q USING parallel_query(p)",
         "parallel_query: 'p' is no argument: write a SELECT, or query = (SELECT …), executor = …, workers = …"},
        {"CREATE VIRTUAL TABLE temp.q USING parallel_query",
         "parallel_query: query is missing: write a SELECT, or query = (SELECT …)"},
        {"CREATE VIRTUAL TABLE temp.q USING parallel_query(query = SELECT 1)",
         "parallel_query: query: write it in brackets: query = (SELECT …)"},
        {"CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (SELECT 1), workers = 0)",
         "parallel_query: workers is '0': expected a whole number from 1 to 1024"},
        {"CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (SELECT 1), executor = fork)",
         "parallel_query: executor is 'fork': expected " EXECUTOR_CHOICES},
        {"CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (SELECT 1), query = (SELECT 2))",
         "parallel_query: query is given twice: give it once"},
        {"CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (SELECT 1), chunk = 2)",
         "parallel_query: 'chunk = 2' is no argument: write a SELECT, or query = (SELECT …), executor = …, workers = …"},
        {"CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT missing FROM prices)",
         "no such column: missing"},
        {"CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT p FROM prices GROUP)", "incomplete input"},
        {"CREATE VIRTUAL TABLE temp.q USING parallel_query(WITH a AS (SELECT 1) DELETE FROM prices)",
         "parallel_query: it has to be a SELECT"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        sql_test_expect_error(db, bad[i][0], SQLITE_ERROR, bad[i][1]);
    sql_test_expect(db, "SELECT count(*) FROM prices", "20");
    sql_test_run(
        db,
        "CREATE VIRTUAL TABLE temp.named USING parallel_query(query = (SELECT id, p FROM prices ORDER BY id), "
        "executor = 'threads', workers = 3)");
    same_rows(db, "SELECT id, p FROM prices ORDER BY id", "SELECT * FROM named");
    sql_test_run(db,
                 "CREATE VIRTUAL TABLE temp.again USING parallel_query((SELECT max(p), min(p) FROM prices))");
    same_rows(db, "SELECT max(p), min(p) FROM prices", "SELECT * FROM again");
    /* No schema of a file can call it. */
    sql_test_run(db, "CREATE VIEW v AS SELECT * FROM named");
    sql_test_expect_error(db, "SELECT * FROM v", SQLITE_ERROR, "no such table: main.named");
    sql_test_run(db, "DROP VIEW v");
}

static int deny_secret(void *arg, int action, const char *first, const char *second, const char *schema,
                       const char *trigger)
{
    (void)schema;
    (void)trigger;
    const int *answer = arg;
    if (action == SQLITE_READ && first && second && !strcmp(first, "sales") && !strcmp(second, "secret"))
        return *answer;
    return SQLITE_OK;
}

/* What the host's authorizer says of a column holds in a query, whichever side reads the column. */
static void denials_hold(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sqlite3 *db = test->db;
    int answer = SQLITE_OK;
    const char *select = "SELECT day, count(secret) FROM sales GROUP BY day ORDER BY day";
    create(db, select);
    sqlite3_set_authorizer(db, deny_secret, &answer);
    same_rows(db, select, "SELECT * FROM q");
    answer = SQLITE_IGNORE;
    sqlite3_set_authorizer(db, deny_secret, &answer);
    same_rows(db, select, "SELECT * FROM q");
    sql_test_expect(db, "SELECT max(\"count(secret)\") FROM q", "0");
    answer = SQLITE_DENY;
    sqlite3_set_authorizer(db, deny_secret, &answer);
    sql_test_expect_error(db, "SELECT * FROM q", SQLITE_AUTH, "access to sales.secret is prohibited");
    sql_test_expect_error(db,
                          "CREATE VIRTUAL TABLE temp.r USING parallel_query(SELECT sum(secret) FROM sales)",
                          SQLITE_AUTH, "access to sales.secret is prohibited");
    sqlite3_set_authorizer(db, NULL, NULL);
    same_rows(db, select, "SELECT * FROM q");
    sqlite3_free(path);
}

/* A reader that stops early, reads twice at once, or closes in between leaves nothing. */
static void readers_come_and_go(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "wal");
    sqlite3 *db = test->db;
    create(db, "SELECT id, p FROM sales WHERE day < 9");
    sql_test_expect(db, "SELECT count(*) FROM (SELECT * FROM q LIMIT 3)", "3");
    same_rows(
        db,
        "SELECT a.id, b.p FROM sales AS a JOIN sales AS b USING (id) WHERE a.day < 9 AND a.id < 100 ORDER BY 1",
        "SELECT a.id, b.p FROM q AS a JOIN q AS b USING (id) WHERE a.id < 100 ORDER BY 1");
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM q", -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    map_test_run(db, "INSERT INTO sales(day) VALUES (1)");
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    sqlite3_reset(statement);
    int64_t rows = 0;
    while (sqlite3_step(statement) == SQLITE_ROW)
        rows++;
    sqlite3_finalize(statement);
    assert_int_equal(rows, sql_test_integer(db, "SELECT count(*) FROM sales WHERE day < 9"));
    sqlite3_free(path);
}

static int stop_after(void *arg)
{
    int *left = arg;
    return (*left)-- <= 0;
}

static void interrupts_end_a_query(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sqlite3 *db = test->db;
    create(db, "SELECT day, sum(increase_price_crazy(p, 10, 2000000)) FROM sales GROUP BY day");
    int left = 3;
    sqlite3_int64 before = map_test_milliseconds();
    sqlite3_progress_handler(db, 50, stop_after, &left);
    sql_test_expect_error(db, "SELECT * FROM q", SQLITE_INTERRUPT, "interrupted");
    sqlite3_progress_handler(db, 0, NULL, NULL);
    /* All of it would take minutes. */
    assert_true(map_test_milliseconds() - before < 60000);
    sql_test_expect(db, "SELECT count(*) FROM sales", ROWS);
    sqlite3_free(path);
}

/* A worker process that dies costs another try; one that dies again and again is an error, and not a death of
   the host, which would do the same. */
static void workers_die(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    char *once = map_test_path(test, "once");
    sqlite3 *db = test->db;
    map_test_allow_extensions(db, 1);
    assert_int_equal(sqlite3_load_extension(db, CRASH_EXTENSION, NULL, NULL), SQLITE_OK);
    map_test_run(db, "SELECT parallel_map_load(%Q)", CRASH_EXTENSION);
    char *select =
        sqlite3_mprintf("SELECT day, sum(iif(id = 15000 AND first_time(%Q), misbehave(item, 'signal', "
                        "9), item)) AS s FROM sales GROUP BY day ORDER BY day",
                        once);
    create(db, select);
    same_rows(db, "SELECT day, sum(item) FROM sales GROUP BY day ORDER BY day", "SELECT * FROM q");
    expect_access(db, "partition");
    if (!strcmp(test->executor, "processes")) {
        sql_test_expect(db, "SELECT retries FROM parallel_map_runs ORDER BY run DESC LIMIT 1", "1");
        create(db, "SELECT sum(iif(id = 15000, misbehave(item, 'signal', 9), item)) AS s FROM sales");
        sqlite3_stmt *statement;
        assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM q", -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ERROR);
        assert_non_null(strstr(sqlite3_errmsg(db), "signal 9"));
        sqlite3_finalize(statement);
        same_as_plain(db, "SELECT day, count(*) FROM sales GROUP BY day", "1");
        expect_access(db, "partition");
    }
    sqlite3_free(select);
    sqlite3_free(once);
    sqlite3_free(path);
}

/* Queries that come to read themselves end in an error. */
static void queries_within_queries(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sqlite3 *db = test->db;
    create(db, "SELECT day, sum(p) AS s FROM sales GROUP BY day");
    map_test_run(db, "CREATE VIRTUAL TABLE temp.r USING parallel_query(SELECT max(s) AS m FROM q)");
    same_rows(db, "SELECT max(s) FROM (SELECT sum(p) AS s FROM sales GROUP BY day)", "SELECT * FROM r");
    map_test_run(
        db,
        "DROP TABLE q; CREATE TEMP TABLE q(s); CREATE VIRTUAL TABLE temp.r2 USING parallel_query(SELECT m AS s FROM r);"
        "DROP TABLE q; CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT s FROM r2)");
    sql_test_expect_error(db, "SELECT * FROM q", SQLITE_ERROR,
                          "parallel_query: queries are nested more than 16 deep: this one may read itself");
    sqlite3_free(path);
}

static void sums_as_sqlite_has_them(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sqlite3 *db = test->db;
    create(db, "SELECT sum(p) FROM sales");
    sql_test_run(db, "SELECT * FROM q");
    expect_access(db, "partition");
    sql_test_run(db, "SELECT parallel_map_config('sums', 'sqlite'); SELECT * FROM q");
    expect_access(db, "whole");
    sql_test_run(db, "SELECT parallel_map_config('sums', 'exact'); SELECT * FROM q");
    expect_access(db, "partition");
    /* Exact, and rounded once: what SQLite's own sum is off by shows in tenths. */
    map_test_run(db, "UPDATE sales SET p = 0.1");
    sql_test_expect(db, "SELECT * FROM q", "2000.0");
    sqlite3_free(path);
}

static void parts_have_a_bound(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sqlite3 *db = test->db;
    create(db, "SELECT id, zeroblob(5000) AS z FROM sales WHERE day < 12 ORDER BY p");
    sql_test_expect(db, "SELECT count(*), sum(length(z)) FROM q", "18462|92310000");
    expect_access(db, "whole");
    sqlite3_free(path);
}

/* Few rows that take long are enough for auto to know that their groups are few. */
static void auto_hands_out_rows_that_take_long(void **state)
{
    char *path = map_test_path(*state, "slow.db");
    sqlite3 *db = map_test_open(*state, path);
    sqlite3_free(path);
    sql_test_run(db, "CREATE TABLE slow AS WITH RECURSIVE c(v) AS (VALUES(1) UNION ALL SELECT v + 1 FROM c"
                     " WHERE v < 4000) SELECT v, v % 7 AS g FROM c;"
                     "CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (SELECT g, count(*),"
                     " max(increase_price_crazy(v, 10, 50000)) > 0 FROM slow GROUP BY g), workers = 2)");
    sql_test_expect(db, "SELECT count(*), sum(\"count(*)\") FROM q", "7|4000");
    sql_test_expect(db, "SELECT count(*) > 0 FROM parallel_map_tasks WHERE worker >= 0", "1");
    sql_test_close(&db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(rows_are_those_of_the_select),
        MAP_TEST(columns_have_names_and_types),
        MAP_TEST(auto_hands_out_rows_that_take_long),
        MAP_TEST(names_are_those_of_the_statement),
        MAP_TEST(equal_names_have_numbers),
        MAP_TEST(a_comment_ends_a_query),
        MAP_TEST_EACH(parameters_are_hidden_columns),
        MAP_TEST_EACH(the_hosts_own_view),
        MAP_TEST_EACH(schemas_change),
        MAP_TEST_EACH(errors_are_those_of_the_select),
        MAP_TEST(arguments_that_are_wrong),
        MAP_TEST_EACH(denials_hold),
        MAP_TEST_EACH(readers_come_and_go),
        MAP_TEST_EACH(interrupts_end_a_query),
        MAP_TEST_EACH(workers_die),
        MAP_TEST_EACH(queries_within_queries),
        MAP_TEST_EACH(sums_as_sqlite_has_them),
        MAP_TEST_EACH(parts_have_a_bound),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
