/* Maps of functions that wait: many more workers than processors, and a pool of any size before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

enum { MANY_WORKERS = MAP_TEST_SANITIZED ? 48 : 200 };

static void load(const MapTest *test)
{
    map_test_allow_extensions(test->db, 1);
    assert_int_equal(sqlite3_load_extension(test->db, WAITING_EXTENSION, NULL, NULL), SQLITE_OK);
    sql_test_run(test->db, "SELECT parallel_map_load('" WAITING_EXTENSION "')");
}

/* As many rows as workers wait for each other: all of them are under way at one time. */
static void expect_meeting(const MapTest *test, int workers)
{
    char *path = map_test_path(test, "met");
    char *map = sqlite3_mprintf("meet('%q', %d) + 0 * i", path, workers);
    char *sql = sqlite3_mprintf(
        "SELECT count(*), min(value), max(value) FROM parallel_map('SELECT i FROM n LIMIT %d', %Q, %Q, %d)",
        workers, map, test->executor, workers);
    char *expected = sqlite3_mprintf("%d|%d|%d", workers, workers, workers);
    remove(path);
    sql_test_expect(test->db, sql, expected);
    sqlite3_free(expected);
    sqlite3_free(sql);
    sqlite3_free(map);
    sqlite3_free(path);
}

static void numbers(const MapTest *test, int count)
{
    map_test_run(test->db,
                 "CREATE TABLE n AS WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c WHERE i "
                 "< %d) SELECT i FROM c",
                 count);
}

static void all_workers_wait_at_one_time(void **state)
{
    MapTest *test = *state;
    load(test);
    numbers(test, MANY_WORKERS);
    expect_meeting(test, 3);
    expect_meeting(test, MANY_WORKERS);
    expect_meeting(test, 2);
    expect_meeting(test, 40);
    /* Not for want of rows to hand out: their sum comes right from all of them. */
    map_test_run(test->db, "SELECT parallel_map_config('workers', %d)", MANY_WORKERS);
    map_test_value(test, "n", "rowid", "i + 0 * sleep_ms(1)");
}

/* Of the requested workers those are started that have a task. */
static void no_worker_without_a_task(void **state)
{
    MapTest *test = *state;
    numbers(test, 12);
    sql_test_run(test->db, "SELECT parallel_map_config('workers', 1000)");
    const int before = leftovers_look().threads;
    map_test_value(test, "n", "rowid", "increase_price_crazy(i, 10, 20000)");
    /* One for each row; those that have a processor each; and the process that starts others. */
    const int most = 12 + (int)sysconf(_SC_NPROCESSORS_ONLN) + 1;
    assert_true(leftovers_look().threads - before + leftovers_processes(getpid()) <= most);
}

/* The host runs no row itself that takes longer than waking a worker, once that is known. */
static void the_host_takes_no_long_row(void **state)
{
    MapTest *test = *state;
    load(test);
    numbers(test, 10);
    /* Between two of them the workers go to sleep, most likely. */
    for (int i = 0; i < 30; i++) {
        map_test_value(test, "n", "rowid", "i + 0 * sleep_ms(1 + 0 * i)");
        usleep(1000);
    }
    sql_test_expect(test->db, "SELECT count(*) FROM parallel_map_tasks WHERE worker = -1 AND run > 1", "0");
}

/* Without a number of workers `auto` sees that rows wait, and uses more of them than there are processors, up
 * to the setting; never for rows that compute. */
static void auto_sees_that_rows_wait(void **state)
{
    MapTest *test = *state;
    load(test);
    numbers(test, 300);
    sql_test_run(test->db, "SELECT parallel_map_config('workers', NULL)");
    sql_test_expect(test->db, "SELECT parallel_map_config('waiting_workers')", "32");
    const char *newest =
        "SELECT workers > parallel_map_config('workers'), reason LIKE '%a row takes % µs in place, "
        "and a processor for % µs of them: it waits;%' FROM parallel_map_runs ORDER BY run DESC "
        "LIMIT 1";
    for (int i = 0; i < 2; i++) {
        /* Not beside the plain SELECT, for whose rows the map's would wait. */
        sql_test_expect(test->db,
                        "SELECT count(*), sum(value) FROM parallel_map('n', 'i + 0 * sleep_ms(4 + 0 * i)')",
                        "300|45150");
        sql_test_expect(test->db, newest, "1|1");
    }
    sql_test_expect(test->db, "SELECT parallel_map_config('waiting_workers', 1)", "1");
    sql_test_expect(test->db,
                    "SELECT count(*), sum(value) FROM parallel_map('n', 'i + 0 * sleep_ms(1 + 0 * i)')",
                    "300|45150");
    sql_test_expect(test->db, newest, "0|0");
    sql_test_expect(test->db, "SELECT parallel_map_config('waiting_workers', 1024)", "1024");
    sql_test_expect(
        test->db, "SELECT count(value) FROM parallel_map('n', 'increase_price_crazy(i, 10, 50000)')", "300");
    sql_test_expect(test->db, newest, "0|0");
    sql_test_expect_error(
        test->db, "SELECT parallel_map_config('waiting_workers', 0)", SQLITE_ERROR,
        "parallel_map_config: waiting_workers is '0': expected a whole number from 1 to 1024");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_WITH(all_workers_wait_at_one_time, "threads"),
        MAP_TEST_WITH(all_workers_wait_at_one_time, "processes"),
        MAP_TEST_WITH(no_worker_without_a_task, "threads"),
        MAP_TEST_WITH(no_worker_without_a_task, "processes"),
        MAP_TEST_WITH(the_host_takes_no_long_row, "threads"),
        MAP_TEST_WITH(the_host_takes_no_long_row, "processes"),
        MAP_TEST(auto_sees_that_rows_wait),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
