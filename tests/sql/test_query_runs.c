/* How a query is run: its time limit, what the log says of it, and rows that are given out as they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/query_test.h"
#include "tests/support/within.h"

static const char make_tables[] =
    "CREATE TABLE sales(id INTEGER PRIMARY KEY, day INT, p REAL, name TEXT);"
    "CREATE TABLE items(item INTEGER PRIMARY KEY, price REAL);"
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
    "INSERT INTO sales SELECT i, i % 7, i / 8.0, 'n' || (i % 10) FROM n;"
    "INSERT INTO items SELECT id, p FROM sales WHERE id < 100;";

/* Each row would take minutes. */
static void parts_have_a_time_limit(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(db, "SELECT parallel_map_config('timeout_seconds', 0.3);"
                     "CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT day, "
                     "count(increase_price_crazy(p, 10, 1000000000)) FROM sales GROUP BY day)");
    sql_test_expect_error(db, "SELECT * FROM q", SQLITE_ERROR,
                          "parallel_query: a part took longer than timeout_seconds = 0.3");
    sql_test_expect(db, "SELECT error FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                    "'parallel_query: a part took longer than timeout_seconds = 0.3'");
    /* The limit holds for parts and not for the query, which goes on after it. */
    sql_test_run(db, "SELECT parallel_map_config('timeout_seconds', 1000)");
    query_test_expect_divided(test, "SELECT day, count(*), sum(p) FROM sales GROUP BY day ORDER BY day",
                              "first_rowid");
}

/* Of a query whose last stage runs in place the log has the executor that the work went to. */
static void the_log_names_the_executor_that_worked(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(
        db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (SELECT day, "
            "count(increase_price_crazy(p, 10, 50000)) FROM sales WHERE id < 3000 GROUP BY day UNION ALL "
            "SELECT 7, count(price) FROM items), workers = 2)");
    sql_test_expect(db, "SELECT count(*), sum(day) FROM q", "8|28");
    sql_test_expect(
        db,
        "SELECT executor <> 'serial', workers, reason LIKE '% µs %' FROM parallel_map_runs ORDER BY run "
        "DESC LIMIT 1",
        "1|2|1");
    sql_test_expect(db, "SELECT count(*) > 0 FROM parallel_map_tasks WHERE worker >= 0", "1");
}

/* ---- memory of workers ---- */

/* Pages of memory that the kernel has given the process so far. */
static long count_pages(int pid)
{
    char path[64], text[512];
    long pages = -1;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    /* The tenth word; the second, in brackets, is the name. */
    assert_int_equal(sscanf(strrchr(text, ')'), ") %*s %*s %*s %*s %*s %*s %*s %ld", &pages), 1);
    return pages;
}

/* Pages that the workers of the newest run were given so far. */
static long count_pages_of_workers(sqlite3 *db)
{
    sqlite3_stmt *pids = NULL;
    long pages = 0;
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT DISTINCT pid FROM parallel_map_tasks WHERE run = (SELECT "
                                        "max(run) FROM parallel_map_runs)",
                                        -1, &pids, NULL),
                     SQLITE_OK);
    while (sqlite3_step(pids) == SQLITE_ROW)
        pages += count_pages(sqlite3_column_int(pids, 0));
    sqlite3_finalize(pids);
    return pages;
}

/* What a worker's page cache and sorter have let go of serves its next query. A sanitizer has another
   allocator. */
static void workers_keep_memory(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    enum { RUNS = 30, PAGES_OF_A_RUN = 200 };
    if (MAP_TEST_SANITIZED)
        skip();
    sql_test_run(db, "WITH RECURSIVE n(i) AS (VALUES(20001) UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
                     "INSERT INTO sales SELECT i, i % 7, i / 8.0, 'some longer name ' || i FROM n;"
                     "CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (SELECT count(*), sum(s.p + "
                     "t.p) FROM sales s JOIN sales t ON t.id = s.id * 7919 % 200000), executor = processes, "
                     "workers = 1)");
    for (int i = 0; i < 3; i++)
        sql_test_run(db, "SELECT * FROM q");
    long before = count_pages_of_workers(db);
    assert_true(before > 0);
    for (int i = 0; i < RUNS; i++)
        sql_test_run(db, "SELECT * FROM q");
    assert_true(count_pages_of_workers(db) - before < (long)RUNS * PAGES_OF_A_RUN);
}

/* ---- planning ---- */

static int count_selects(void *count, int action, const char *first, const char *second, const char *schema,
                         const char *trigger)
{
    (void)first;
    (void)second;
    (void)schema;
    (void)trigger;
    *(int *)count += action == SQLITE_SELECT;
    return SQLITE_OK;
}

/* The host prepares the SELECT as the user wrote it, and once more to read its program; how its columns
   compare is known without a third time. */
static void prepared_twice(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sqlite3_stmt *statement = NULL;
    int count = 0;
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT line FROM parallel_query_plan('SELECT name, day, sum(p), p + 1 "
                           "FROM sales JOIN items ON id = item GROUP BY name, day, p')",
                           -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_set_authorizer(db, count_selects, &count), SQLITE_OK);
    /* Setting an authorizer has the statement itself prepared anew by its first step. */
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_memory_equal(sqlite3_column_text(statement, 0), "Combine", sizeof "Combine" - 1);
    sqlite3_finalize(statement);
    sqlite3_set_authorizer(db, NULL, NULL);
    const int own = 1, of_functions = 1;
    assert_true(count <= 2 + own + of_functions);
}

/* ---- whole runs ---- */

/* Where sums are exact all runs are in parts, which give the same bits, also those that the host does in
   place to compare; else a run that was short is followed by a whole one, whose rows are the same. */
static void exact_sums_are_never_run_whole(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(db,
                 "CREATE VIRTUAL TABLE temp.sums USING parallel_query(query = (SELECT day, sum(p / 3) FROM "
                 "sales GROUP BY day), executor = auto);"
                 "CREATE VIRTUAL TABLE temp.counts USING parallel_query(query = (SELECT day, count(p) FROM "
                 "sales GROUP BY day), executor = auto);"
                 "CREATE TEMP TABLE first AS SELECT * FROM sums");
    for (int i = 1; i < 8; i++)
        sql_test_expect(db, "SELECT * FROM sums EXCEPT SELECT * FROM first", "");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map_runs WHERE access <> 'whole'", "8");
    sql_test_expect(db,
                    "SELECT count(*) > 0, min(executor || workers) FROM parallel_map_runs WHERE reason = "
                    "'serial: in place it may take less time'",
                    "1|'serial1'");
    for (int i = 0; i < 8; i++)
        sql_test_expect(db, "SELECT * FROM counts EXCEPT SELECT day, count(p) FROM sales GROUP BY day", "");
    sql_test_expect(
        db,
        "SELECT count(*) FROM parallel_map_runs WHERE access = 'whole' AND reason <> 'run whole: as "
        "it stands it may take less time'",
        "0");
}

/* A limit on the time of a part does not end a query that is in place for comparison alone. */
static void no_comparison_in_place_under_a_time_limit(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(db, "SELECT parallel_map_config('timeout_seconds', 1000);"
                     "CREATE VIRTUAL TABLE temp.sums USING parallel_query(query = (SELECT day, sum(p) FROM "
                     "sales GROUP BY day), executor = auto)");
    for (int i = 0; i < 8; i++)
        sql_test_run(db, "SELECT * FROM sums");
    sql_test_expect(db,
                    "SELECT count(*), count(*) FILTER (WHERE reason LIKE '%in place it may%') FROM "
                    "parallel_map_runs",
                    "8|0");
}

/* ---- rows as they come ---- */

/* Most memory that the process has had so far, in kB. */
static long most_memory(void)
{
    char line[256];
    long most = 0;
    FILE *status = fopen("/proc/self/status", "r");
    assert_non_null(status);
    while (fgets(line, sizeof line, status))
        if (!strncmp(line, "VmHWM:", 6))
            most = atol(line + 6);
    fclose(status);
    return most;
}

static const char make_keys[] = "CREATE TABLE keyed(k TEXT PRIMARY KEY, day INT) WITHOUT ROWID;"
                                "INSERT INTO keyed SELECT printf('%05d', id), day FROM sales;";

/* 100 MB of rows in order, of which a few MB are there at a time; from a table by its rowids, and by a key.
 */
static void memory_does_not_grow_with_rows(void **state)
{
    static const char *const selects[] = {
        "SELECT id, zeroblob(5000) AS z FROM sales",
        "SELECT CAST(k AS INT), zeroblob(5000) AS z FROM keyed ORDER BY k",
    };
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(db, make_keys);
    for (int i = 0; i < 2; i++) {
        long before = most_memory();
        map_test_run(db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(%s)", selects[i]);
        sqlite3_stmt *statement;
        assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM q", -1, &statement, NULL), SQLITE_OK);
        for (int64_t id = 1; id <= 20000; id++) {
            assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
            assert_int_equal(sqlite3_column_int64(statement, 0), id);
            assert_int_equal(sqlite3_column_bytes(statement, 1), 5000);
        }
        assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
        sqlite3_finalize(statement);
        sql_test_expect(db, "SELECT access, rows_out FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                        "'partition'|20000");
        if (!MAP_TEST_SANITIZED)
            assert_within(most_memory() - before, 0, 50000);
        sql_test_run(db, "DROP TABLE q");
    }
}

/* Steps over rows, whose first columns have to be the numbers from *id on. */
static void expect_ids(sqlite3_stmt *statement, int64_t *id, int64_t end)
{
    for (; *id < end; ++*id) {
        if (sqlite3_step(statement) != SQLITE_ROW)
            fail_msg("row %lld: %s", (long long)*id, sqlite3_errmsg(sqlite3_db_handle(statement)));
        assert_int_equal(sqlite3_column_int64(statement, 0), *id);
    }
}

/* Once the host has written, what workers read is no longer its view: it reads the rest itself. */
static void the_host_reads_the_rest(void **state)
{
    static const char *const selects[] = {
        "SELECT id, zeroblob(5000) AS z FROM sales WHERE day <> :day",
        "SELECT CAST(k AS INT), zeroblob(5000) AS z FROM keyed WHERE day <> :day ORDER BY k",
    };
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(db, make_keys);
    for (int i = 0; i < 4; i++) {
        int64_t id = 1;
        sqlite3_stmt *statement;
        map_test_run(db, "PRAGMA journal_mode = %s", i < 2 ? "delete" : "wal");
        map_test_run(db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(%s)", selects[i % 2]);
        assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM q(99)", -1, &statement, NULL), SQLITE_OK);
        expect_ids(statement, &id, 500);
        sql_test_run(db, "UPDATE sales SET name = 'other' WHERE id < 3");
        expect_ids(statement, &id, 20001);
        assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
        sqlite3_finalize(statement);
        /* In WAL mode a worker that has shown that its view is the host's keeps the view. */
        sql_test_expect(db,
                        i < 2 ? "SELECT access, rows_out, reason LIKE '%; the host read the rest: %' FROM "
                                "parallel_map_runs ORDER BY run DESC LIMIT 1"
                              : "SELECT access, rows_out, 1 FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                        "'partition'|20000|1");
        sql_test_run(db, "DROP TABLE q");
    }
}

/* An error comes at its row, after all rows before, and not where the reader stops earlier. */
static void errors_come_at_their_row(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    int64_t id = 1;
    sqlite3_stmt *statement;
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT id, abs(iif(id = 15555, "
                     "-9223372036854775808, day)), zeroblob(2000) FROM sales)");
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM q", -1, &statement, NULL), SQLITE_OK);
    expect_ids(statement, &id, 15555);
    assert_int_equal(sqlite3_step(statement), SQLITE_ERROR);
    assert_string_equal(sqlite3_errmsg(db), "integer overflow");
    sqlite3_finalize(statement);
    sql_test_expect(db, "SELECT count(*) FROM (SELECT * FROM q LIMIT 15554)", "15554");
    sql_test_expect(db, "SELECT error FROM parallel_map_runs ORDER BY run DESC LIMIT 1", "NULL");
}

/* Readers of one query go on beside each other, and beside another query. */
static void readers_beside_each_other(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    int64_t one = 1, other = 1;
    sqlite3_stmt *first, *second;
    sql_test_run(db,
                 "CREATE VIRTUAL TABLE temp.r USING parallel_query(SELECT id, zeroblob(3000) FROM sales)");
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM r", -1, &first, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM r", -1, &second, NULL), SQLITE_OK);
    for (int64_t end = 1000; end <= 20000; end += 1000) {
        expect_ids(first, &one, end);
        expect_ids(second, &other, end / 2);
    }
    query_test_expect_divided(test, "SELECT day, count(*), sum(p) FROM sales GROUP BY day ORDER BY day",
                              "first_rowid");
    expect_ids(first, &one, 20001);
    assert_int_equal(sqlite3_step(first), SQLITE_DONE);
    sqlite3_finalize(first);
    sqlite3_finalize(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(memory_does_not_grow_with_rows),
        MAP_TEST_EACH(the_host_reads_the_rest),
        MAP_TEST_EACH(errors_come_at_their_row),
        MAP_TEST_EACH(readers_beside_each_other),
        MAP_TEST_EACH(parts_have_a_time_limit),
        MAP_TEST(the_log_names_the_executor_that_worked),
        MAP_TEST(prepared_twice),
        MAP_TEST(workers_keep_memory),
        MAP_TEST(exact_sums_are_never_run_whole),
        MAP_TEST(no_comparison_in_place_under_a_time_limit),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
