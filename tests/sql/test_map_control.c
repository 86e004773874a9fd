/* Bounds, interleaving and ending: a map is stopped by an interrupt, a progress handler, a LIMIT or a
 * finalize at any moment, gives back what it holds, and the connection goes on. Times are bounds against
 * hanging, not measurements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

enum { PROMPT_MS = 5000 /* what "at once" may take on a busy machine, under sanitizers */ };

/* A row of about half a minute, if nothing stopped it. */
#define LONG_ROW "increase_price_crazy(a, 10, 1000000000)"

static void numbers(sqlite3 *db, int rows)
{
    map_test_run(
        db,
        "CREATE TABLE t(a); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < %d) SELECT i FROM n",
        rows);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return statement;
}

static void still_works(sqlite3 *db)
{
    map_test_same(db, "SELECT rowid, a + 1 FROM t", "SELECT key, value FROM parallel_map('t', 'a + 1')");
}

typedef struct Interrupter {
    sqlite3 *db;
    atomic_bool stop;
} Interrupter;

/* Again and again: an interrupt before the statement has begun has no effect. */
static void *interrupt_later(void *arg)
{
    Interrupter *interrupter = arg;
    do {
        usleep(50000);
        sqlite3_interrupt(interrupter->db);
    } while (!interrupter->stop);
    return NULL;
}

static void expect_interrupted(sqlite3 *db, const char *sql)
{
    Interrupter interrupter = {.db = db};
    pthread_t thread;
    sqlite3_stmt *statement = prepare(db, sql);
    sqlite3_int64 start = map_test_milliseconds();
    assert_int_equal(pthread_create(&thread, NULL, interrupt_later, &interrupter), 0);
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        ;
    interrupter.stop = true;
    pthread_join(thread, NULL);
    assert_int_equal(rc, SQLITE_INTERRUPT);
    assert_non_null(strstr(sqlite3_errmsg(db), "interrupted"));
    sqlite3_finalize(statement);
    assert_true(map_test_milliseconds() - start < PROMPT_MS);
    still_works(db);
}

static void interrupt(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    numbers(db, 50);
    expect_interrupted(db, "SELECT value FROM parallel_map('t', '" LONG_ROW "')");
    expect_interrupted(db, "SELECT count(value) FROM parallel_map('t', '" LONG_ROW "')");
    expect_interrupted(
        db, "SELECT value FROM parallel_map('t', '(WITH RECURSIVE c(x) AS (SELECT a UNION ALL SELECT x + 1 "
            "FROM c) SELECT max(x) FROM c)')");
    /* In the middle of an endless source. */
    expect_interrupted(
        db, "SELECT value FROM parallel_map('WITH RECURSIVE c(a) AS (VALUES(1) UNION ALL SELECT a + 1 "
            "FROM c) SELECT a FROM c', 'a')");
    expect_interrupted(
        db, "SELECT count(value) FROM parallel_map('WITH RECURSIVE c(a) AS (VALUES(1) UNION ALL SELECT a + 1 "
            "FROM c) SELECT a FROM c WHERE a < 0', 'a')");
}

/* A map that takes long before its first row; planning it computes nothing. */
static void interrupt_of_a_constant(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    numbers(db, 50);
    expect_interrupted(db,
                       "SELECT value FROM parallel_map('t', 'increase_price_crazy(1, 10, 1000000000) + a')");
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.w USING parallel_map(source = t, map = (a), where = ((WITH "
                     "RECURSIVE c(x) AS"
                     " (VALUES(1) UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c) > 0))");
    expect_interrupted(db, "SELECT * FROM w");
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.v USING parallel_map(source = t, map = (a), where ="
                     " (increase_price_crazy(1, 10, 1000000000) > 0))");
    expect_interrupted(db, "SELECT * FROM v");
}

static int stop_at_zero(void *arg)
{
    int *left = arg;
    return --*left <= 0;
}

static void progress_handler(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    numbers(db, 50);
    for (int calls = 1; calls < 100; calls = calls * 3 + 1) {
        int left = calls;
        sqlite3_stmt *statement = prepare(db, "SELECT value FROM parallel_map('t', '" LONG_ROW "')");
        sqlite3_int64 start = map_test_milliseconds();
        sqlite3_progress_handler(db, 10, stop_at_zero, &left);
        assert_int_equal(sqlite3_step(statement), SQLITE_INTERRUPT);
        sqlite3_progress_handler(db, 0, NULL, NULL);
        sqlite3_finalize(statement);
        assert_true(map_test_milliseconds() - start < PROMPT_MS);
        still_works(db);
    }
}

static int stop_once(void *arg)
{
    int *left = arg;
    return --*left == 0;
}

/* An interrupt at whatever step, of planning too, ends the map as one and as nothing else. */
static void interrupted_at_any_step(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    int left = 0;
    numbers(db, 50);
    for (int calls = 1; left <= 0; calls += calls < 700 ? 1 : calls / 6) {
        sqlite3_stmt *statement = NULL;
        left = calls;
        sqlite3_progress_handler(db, 1, stop_once, &left);
        int rc = sqlite3_exec(
            db,
            "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (substr(upper(a), 1, 2) || "
            "increase_price(a) AS v))",
            NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_prepare_v2(db, "SELECT v FROM m", -1, &statement, NULL);
        while (rc == SQLITE_OK || rc == SQLITE_ROW)
            rc = sqlite3_step(statement);
        sqlite3_progress_handler(db, 0, NULL, NULL);
        if (rc != SQLITE_DONE && rc != SQLITE_INTERRUPT)
            fail_msg("step %d: error %d: %s", calls, rc, sqlite3_errmsg(db));
        /* Nor does it say that something is wrong with the map or its functions. */
        if (rc == SQLITE_INTERRUPT && strstr(sqlite3_errmsg(db), "cannot see"))
            fail_msg("step %d: %s", calls, sqlite3_errmsg(db));
        sqlite3_finalize(statement);
        sqlite3_exec(db, "DROP TABLE IF EXISTS temp.m", NULL, NULL, NULL);
    }
    still_works(db);
}

typedef struct Question {
    sqlite3 *db;
    int left;
} Question;

static int interrupt_at(void *arg, int action, const char *first, const char *second, const char *schema,
                        const char *trigger)
{
    Question *question = arg;
    (void)action, (void)first, (void)second, (void)schema, (void)trigger;
    if (--question->left == 0)
        sqlite3_interrupt(question->db);
    return SQLITE_OK;
}

/* Prepares and steps a statement that is interrupted at one question to the authorizer, by its number, on a
 * connection that has met nothing of ours yet. Whether there were that many. Some versions of SQLite pass on
 * the text of what ends the making of such a table, and not its code. */
static bool interrupted_at(const MapTest *test, const char *sql, const char *name, int calls)
{
    char told[64];
    sqlite3_stmt *statement = NULL;
    Question question = {map_test_open(test, ":memory:"), calls};
    snprintf(told, sizeof told, "%s: interrupted", name);
    map_test_run(question.db, "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
    sqlite3_set_authorizer(question.db, interrupt_at, &question);
    int rc = sqlite3_prepare_v2(question.db, sql, -1, &statement, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW)
        rc = sqlite3_step(statement);
    sqlite3_set_authorizer(question.db, NULL, NULL);
    if (rc != SQLITE_DONE && rc != SQLITE_INTERRUPT &&
        !(rc == SQLITE_ERROR && strcmp(sqlite3_errmsg(question.db), told) == 0))
        fail_msg("%s, question %d: error %d: %s", sql, calls, rc, sqlite3_errmsg(question.db));
    sqlite3_finalize(statement);
    still_works(question.db);
    sql_test_close(&question.db);
    return question.left <= 0;
}

static void interrupted_while_prepared(void **state)
{
    static const struct {
        const char *sql, *name;
    } tables[] = {{"SELECT value FROM parallel_map('t', 'a + 1')", "parallel_map"},
                  {"SELECT run FROM parallel_map_runs", "parallel_map_runs"},
                  {"SELECT task FROM parallel_map_tasks", "parallel_map_tasks"}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        int calls = 1;
        while (interrupted_at(*state, tables[i].sql, tables[i].name, calls))
            calls++;
        assert_true(calls > 1);
    }
}

static void finalize_in_the_middle(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    numbers(db, 2000);
    static const char *const maps[] = {"a", "increase_price_crazy(a, 10, 20000)",
                                       "iif(a < 2, a, increase_price_crazy(a, 10, 1000000000))"};
    static const int chunks[] = {0, 1, 100};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        for (size_t j = 0; j < sizeof chunks / sizeof *chunks; j++)
            for (int steps = 0; steps < 2; steps++) {
                if (i == 2 && steps && chunks[j] != 1)
                    continue; /* the first row comes with others of its chunk */
                map_test_chunk(db, chunks[j]);
                char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('t', %Q)", maps[i]);
                sqlite3_stmt *statement = prepare(db, sql);
                sqlite3_free(sql);
                sqlite3_int64 start = map_test_milliseconds();
                if (steps)
                    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
                if (steps && j == 1) {
                    sqlite3_reset(statement);
                    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
                }
                assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
                assert_true(map_test_milliseconds() - start < PROMPT_MS);
                still_works(db);
            }
}

/* The rows that a source gave, counted by a function in it. */
static void count_row(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    ++*(int *)sqlite3_user_data(context);
    sqlite3_result_value(context, argv[0]);
}

static void slow_reader(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    int pulled = 0;
    numbers(db, 100000);
    sqlite3_create_function(db, "count_row", 1, SQLITE_UTF8, &pulled, count_row, NULL, NULL);
    map_test_chunk(db, 20);
    sqlite3_stmt *statement =
        prepare(db, "SELECT value FROM parallel_map('SELECT count_row(a) AS a FROM t', 'a')");
    for (int i = 1; i <= 10; i++) {
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(statement, 0), i);
    }
    usleep(50000);
    assert_true(pulled >= 10 && pulled <= (2 * MAP_TEST_WORKERS + 1) * 20);
    sqlite3_finalize(statement);
    pulled = 0;
    sql_test_expect(db,
                    "SELECT sum(value) FROM (SELECT value FROM parallel_map('SELECT count_row(a) AS a FROM "
                    "t', 'a') LIMIT 3)",
                    "6");
    assert_true(pulled >= 3 && pulled <= (2 * MAP_TEST_WORKERS + 1) * 20);
}

static void limit_over_many_rows(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    sqlite3_int64 start = map_test_milliseconds();
    numbers(db, 10);
    sql_test_expect(
        db,
        "SELECT value FROM parallel_map('WITH RECURSIVE c(a) AS (VALUES(1) UNION ALL SELECT a + 1 FROM c)"
        " SELECT a FROM c', 'increase_price(a)') LIMIT 3",
        "1.1\n2.2\n3.3");
    assert_true(map_test_milliseconds() - start < PROMPT_MS);
    still_works(db);
}

/* Memory does not grow with rows: one slow row, and many quick ones after it. */
static void one_slow_row(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    numbers(db, 100000);
    map_test_chunk(db, 1);
    map_test_same(db, "SELECT sum(iif(a = 1, 0, a)) FROM t",
                  "SELECT sum(value) FROM parallel_map('SELECT a FROM t', "
                  "'iif(a = 1, CAST(increase_price_crazy(0, 10, 5000000) AS INT), a)')");
}

static void self_join(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    numbers(db, 40);
    map_test_same(
        db, "SELECT x.a, y.a * 2 FROM t AS x JOIN t AS y ON y.a <= x.a ORDER BY 1, 2",
        "SELECT x.value, y.value FROM parallel_map('t', 'a') AS x JOIN parallel_map('t', 'a * 2') AS y"
        " ON y.value <= x.value * 2 ORDER BY 1, 2");
    map_test_same(
        db, "SELECT x.a, y.a FROM t AS x, t AS y",
        "SELECT x.value, y.value FROM parallel_map('t', 'a') AS x CROSS JOIN parallel_map('t', 'a') AS y");
    sql_test_run(
        db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (a, a * a AS b), chunk = 3)");
    map_test_same(db, "SELECT x.a, y.a FROM t AS x, t AS y WHERE x.a = y.a * y.a",
                  "SELECT x.a, y.a FROM m AS x, m AS y WHERE x.a = y.b");
    /* The argument of one map depends on the row of another. */
    map_test_same(db, "SELECT x.a, y.a + x.a FROM t AS x CROSS JOIN t AS y",
                  "SELECT x.value, y.value FROM parallel_map('t', 'a') AS x CROSS JOIN"
                  " parallel_map('t', 'a + ' || x.value) AS y");
    map_test_same(db, "SELECT (SELECT sum(a + 1) FROM t) FROM t",
                  "SELECT (SELECT sum(value) FROM parallel_map('t', 'a + 1')) FROM t");
}

static void interleaved_statements(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    numbers(db, 300);
    map_test_chunk(db, 7);
    sqlite3_stmt *statements[] = {
        prepare(db, "SELECT value FROM parallel_map('t', 'a')"),
        prepare(db, "SELECT value FROM parallel_map('t', 'a * 10')"),
        prepare(db, "SELECT value FROM parallel_map('SELECT a FROM t', 'a + 1000')")};
    for (int row = 1; row <= 300; row++) {
        static const int factor[] = {1, 10, 1}, summand[] = {0, 0, 1000};
        for (int i = 0; i < 3; i++) {
            assert_int_equal(sqlite3_step(statements[i]), SQLITE_ROW);
            assert_int_equal(sqlite3_column_int(statements[i], 0), row * factor[i] + summand[i]);
        }
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sqlite3_step(statements[i]), SQLITE_DONE);
        sqlite3_finalize(statements[i]);
    }
}

/* More statements at one time than a pool has room for tasks. */
static void many_open_statements(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    enum { STATEMENTS = 40 };
    sqlite3_stmt *statements[STATEMENTS];
    numbers(db, 50);
    map_test_chunk(db, 2);
    for (int i = 0; i < STATEMENTS; i++) {
        char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('t', 'a + %d')", i % 12);
        statements[i] = prepare(db, sql);
        sqlite3_free(sql);
    }
    for (int row = 1; row <= 50; row++)
        for (int i = 0; i < STATEMENTS; i++) {
            assert_int_equal(sqlite3_step(statements[i]), SQLITE_ROW);
            assert_int_equal(sqlite3_column_int(statements[i], 0), row + i % 12);
        }
    for (int i = 0; i < STATEMENTS; i++) {
        if (i % 2)
            assert_int_equal(sqlite3_step(statements[i]), SQLITE_DONE);
        sqlite3_finalize(statements[i]);
    }
    still_works(db);
}

static void filtered_again_and_again(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    int times = MAP_TEST_SANITIZED ? 1000 : 10000;
    numbers(db, 2);
    char *outer =
        sqlite3_mprintf("CREATE TABLE o AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
                        " WHERE i < %d) SELECT i FROM n",
                        times);
    sql_test_run(db, outer);
    sqlite3_free(outer);
    map_test_same(db, "SELECT count(*), sum(o.i * t.a) FROM o CROSS JOIN t",
                  "SELECT count(*), sum(o.i * m.value) FROM o CROSS JOIN parallel_map('t', 'a') AS m");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map_runs", "1");
}

static void sources_that_are_maps(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    numbers(db, 100);
    map_test_same(
        db, "SELECT (a + 1) * 2 FROM t",
        "SELECT value FROM parallel_map('SELECT value AS b FROM parallel_map(''t'', ''a + 1'')', 'b * 2')");
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.one USING parallel_map(source = t, map = (a + 1 AS b));"
                     "CREATE VIRTUAL TABLE temp.two USING parallel_map(source = one, map = (b * 2 AS c));"
                     "CREATE VIRTUAL TABLE temp.three USING parallel_map(source = (SELECT value FROM"
                     "   parallel_map('two', 'c + 1')), map = (value))");
    map_test_same(db, "SELECT (a + 1) * 2 + 1 FROM t", "SELECT * FROM three");
    /* A map that reads itself, through its source: made by dropping a table and creating it anew. */
    sql_test_run(
        db,
        "DROP TABLE one; CREATE VIRTUAL TABLE temp.one USING parallel_map(source = (SELECT c AS b FROM two),"
        " map = (b))");
    sql_test_expect_error(
        db, "SELECT * FROM one", SQLITE_ERROR,
        "parallel_map: maps are nested more than 16 deep: the source 'SELECT c AS b FROM two' may read "
        "itself");
    still_works(db);
}

static void close_with_open_statements(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = map_test_open(test, ":memory:");
    numbers(db, 1000);
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (a))");
    sqlite3_stmt *one = prepare(db, "SELECT value FROM parallel_map('t', 'increase_price_crazy(a)')");
    sqlite3_stmt *two = prepare(db, "SELECT * FROM m");
    sqlite3_stmt *never = prepare(db, "SELECT * FROM m");
    assert_int_equal(sqlite3_step(one), SQLITE_ROW);
    assert_int_equal(sqlite3_step(two), SQLITE_ROW);
    assert_int_equal(sqlite3_close(db), SQLITE_BUSY);
    assert_int_equal(sqlite3_step(one), SQLITE_ROW);
    assert_int_equal(sqlite3_close_v2(db), SQLITE_OK);
    assert_int_equal(sqlite3_step(one), SQLITE_ROW);
    sqlite3_finalize(one);
    assert_int_equal(sqlite3_step(two), SQLITE_ROW);
    sqlite3_finalize(two);
    sqlite3_finalize(never);
}

static void close_with_an_idle_pool(void **state)
{
    MapTest *test = *state;
    for (int i = 0; i < 5; i++) {
        sqlite3 *db = map_test_open(test, ":memory:");
        numbers(db, 100);
        still_works(db);
        sql_test_close(&db);
    }
    /* Opened, and never used. */
    sqlite3 *db = map_test_open(test, ":memory:");
    sql_test_close(&db);
}

/* Milliseconds that many hosts map at one time; PRICEMAP_TEST_SECONDS says how long else. */
static sqlite3_int64 crowded_milliseconds(void)
{
    const char *seconds = getenv("PRICEMAP_TEST_SECONDS");
    return seconds ? 1000LL * atoi(seconds) : 500;
}

typedef struct Host {
    const MapTest *test;
    sqlite3_int64 end;
    int wrong;
} Host;

/* No cmocka in here: its assertions belong to the main thread. */
static void *be_a_host(void *arg)
{
    Host *host = arg;
    sqlite3 *db = map_test_open(host->test, ":memory:");
    sqlite3_exec(
        db,
        "CREATE TABLE t(a); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 500) SELECT i FROM n",
        NULL, NULL, NULL);
    do {
        sqlite3_stmt *statement = NULL;
        sqlite3_prepare_v2(db, "SELECT count(*), sum(value) FROM parallel_map('t', 'a * 2', NULL, NULL, 10)",
                           -1, &statement, NULL);
        if (sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0) != 500 ||
            sqlite3_column_int(statement, 1) != 250500)
            host->wrong++;
        sqlite3_finalize(statement);
    } while (map_test_milliseconds() < host->end);
    if (sqlite3_close(db) != SQLITE_OK)
        host->wrong++;
    return NULL;
}

static void connections_in_threads(void **state)
{
    enum { HOSTS = 16 };
    pthread_t threads[HOSTS];
    Host hosts[HOSTS];
    sqlite3_int64 end = map_test_milliseconds() + crowded_milliseconds();
    for (int i = 0; i < HOSTS; i++) {
        hosts[i] = (Host){*state, end, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, be_a_host, &hosts[i]), 0);
    }
    for (int i = 0; i < HOSTS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < HOSTS; i++)
        assert_int_equal(hosts[i].wrong, 0);
}

typedef struct Sharing {
    sqlite3 *db;
    sqlite3_int64 end;
    atomic_int wrong;
} Sharing;

static void *share_connection(void *arg)
{
    Sharing *sharing = arg;
    do {
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v2(sharing->db, "SELECT count(*), sum(value) FROM parallel_map('t', 'a * 2')", -1,
                               &statement, NULL) != SQLITE_OK ||
            sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 1) != 250500)
            sharing->wrong++;
        sqlite3_finalize(statement);
    } while (map_test_milliseconds() < sharing->end);
    return NULL;
}

static void one_connection_in_several_threads(void **state)
{
    Sharing sharing = {.db = ((MapTest *)*state)->db,
                       .end = map_test_milliseconds() + crowded_milliseconds()};
    pthread_t threads[4];
    numbers(sharing.db, 500);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, share_connection, &sharing), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(sharing.wrong, 0);
}

static void timeout(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    numbers(db, 4);
    const char *executor = ((MapTest *)*state)->executor;
    sql_test_run(db, "SELECT parallel_map_config('timeout_seconds', 0.2), parallel_map_config('retries', 0)");
    map_test_chunk(db, 1);
    sqlite3_int64 start = map_test_milliseconds();
    sql_test_expect_error(
        db, "SELECT value FROM parallel_map('t', 'iif(a = 3, " LONG_ROW ", a)')", SQLITE_ERROR,
        strcmp(executor, "processes") ? "parallel_map: a task took longer than timeout_seconds = 0.2 (row 3)"
                                      : "parallel_map: a worker process timed out after 0.2 s at row 3");
    /* Constants are computed with the first task. */
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.v USING parallel_map(source = t, map = (a), where ="
                     " (increase_price_crazy(1, 10, 1000000000) > 0))");
    sql_test_expect_error(db, "SELECT * FROM v", SQLITE_ERROR,
                          strcmp(executor, "processes")
                              ? "parallel_map: a task took longer than timeout_seconds = 0.2 (row 1)"
                              : "parallel_map: a worker process timed out after 0.2 s at row 1");
    assert_true(map_test_milliseconds() - start < 2 * PROMPT_MS);
    still_works(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(interrupt),
        MAP_TEST_EACH(interrupt_of_a_constant),
        MAP_TEST_EACH(progress_handler),
        MAP_TEST_EACH(interrupted_at_any_step),
        MAP_TEST_EACH(interrupted_while_prepared),
        MAP_TEST_EACH(finalize_in_the_middle),
        MAP_TEST_EACH(slow_reader),
        MAP_TEST_EACH(limit_over_many_rows),
        MAP_TEST_EACH(one_slow_row),
        MAP_TEST_EACH(self_join),
        MAP_TEST_EACH(interleaved_statements),
        MAP_TEST_EACH(many_open_statements),
        MAP_TEST_EACH(filtered_again_and_again),
        MAP_TEST_EACH(sources_that_are_maps),
        MAP_TEST_EACH(close_with_open_statements),
        MAP_TEST_EACH(close_with_an_idle_pool),
        MAP_TEST_EACH(connections_in_threads),
        MAP_TEST_EACH(one_connection_in_several_threads),
        MAP_TEST_EACH(timeout),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
