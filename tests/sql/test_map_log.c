/* The tables and functions about maps: parallel_map_runs, parallel_map_tasks, parallel_map_config and
 * pricemap_version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "executor_list.h"
#include "tests/support/terminal.h"
#include "tests/support/map_test.h"

static void columns_of_the_log(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    sql_test_expect(
        db,
        "SELECT group_concat(name, ' ') FROM (SELECT name FROM pragma_table_info('parallel_map_runs') ORDER "
        "BY cid)",
        "'run started_at source map requested executor reason access workers chunk tasks rows_in rows_out "
        "wall_seconds startup_seconds busy_seconds retries error'");
    sql_test_expect(db,
                    "SELECT group_concat(name, ' ') FROM (SELECT name FROM "
                    "pragma_table_info('parallel_map_tasks') ORDER BY cid)",
                    "'run task worker pid start_seconds end_seconds rows_in rows_out host'");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map_runs", "0");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map_tasks", "0");
    sql_test_expect_error(db, "CREATE VIRTUAL TABLE temp.r USING parallel_map_runs", SQLITE_ERROR,
                          "no such module: parallel_map_runs");
    sql_test_expect_error(db, "DELETE FROM parallel_map_runs", SQLITE_ERROR,
                          "table parallel_map_runs may not be modified");
}

static void a_run_and_its_tasks(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    map_test_prices(db);
    map_test_chunk(db, 7);
    sql_test_run(db, "SELECT * FROM parallel_map('prices', 'increase_price(p)')");
    sql_test_expect(db,
                    "SELECT run, source, map, workers >= 1, tasks, rows_in, rows_out, retries, error FROM "
                    "parallel_map_runs",
                    "1|'prices'|'increase_price(p)'|1|3|20|20|0|NULL");
    char *requested = sqlite3_mprintf("'%s'", test->executor);
    sql_test_expect(db, "SELECT requested FROM parallel_map_runs", requested);
    if (strcmp(test->executor, "auto") == 0) {
        sql_test_expect(db, "SELECT executor, length(reason) > 10 FROM parallel_map_runs", "'serial'|1");
    } else {
        sql_test_expect(db, "SELECT executor FROM parallel_map_runs", requested);
    }
    sqlite3_free(requested);
    sql_test_expect(db, "SELECT chunk, access IN ('feed', 'partition') FROM parallel_map_runs", "7|1");
    sql_test_expect(
        db,
        "SELECT started_at GLOB "
        "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9]"
        "[0-9][0-9]Z', abs(julianday(started_at) - julianday('now')) < 0.01 FROM parallel_map_runs",
        "1|1");
    sql_test_expect(db,
                    "SELECT wall_seconds > 0, startup_seconds >= 0, busy_seconds > 0, wall_seconds < 60,"
                    " wall_seconds >= startup_seconds FROM parallel_map_runs",
                    "1|1|1|1|1");
    sql_test_expect(db, "SELECT run, task, rows_in, rows_out FROM parallel_map_tasks ORDER BY task",
                    "1|1|7|7\n1|2|7|7\n1|3|6|6");
    sql_test_expect(
        db, "SELECT count(*) FROM parallel_map_tasks WHERE start_seconds < 0 OR end_seconds < start_seconds",
        "0");
    char *here = sqlite3_mprintf("SELECT count(*) FROM parallel_map_tasks WHERE %s",
                                 strcmp(test->executor, "processes") ? "pid <> %d" : "pid = %d");
    char *sql = sqlite3_mprintf(here, (int)getpid());
    sql_test_expect(db, sql, "0");
    sqlite3_free(here);
    sqlite3_free(sql);
    /* The host, -1, helps threads with the task that is needed next, and leaves processes alone. */
    bool threads = !strcmp(test->executor, "threads"), processes = !strcmp(test->executor, "processes");
    sql_test_expect(db,
                    processes ? "SELECT min(worker) >= 0, max(worker) < 2 FROM parallel_map_tasks"
                    : threads ? "SELECT min(worker) >= -1, max(worker) < 2 FROM parallel_map_tasks"
                              : "SELECT min(worker) = -1, max(worker) = -1 FROM parallel_map_tasks",
                    "1|1");
    /* rowids are different, so that both can be sorted and joined. */
    sql_test_expect(db, "SELECT count(DISTINCT rowid) FROM parallel_map_tasks", "3");
}

static void errors_and_early_ends(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    map_test_chunk(db, 5);
    assert_int_equal(sqlite3_exec(db, "SELECT * FROM parallel_map('prices', 'iif(id = 12, json(''{''), id)')",
                                  NULL, NULL, NULL),
                     SQLITE_ERROR);
    sql_test_expect(db, "SELECT rows_in, rows_out, error FROM parallel_map_runs",
                    "12|12|'malformed JSON (row 13)'");
    sql_test_run(db, "SELECT * FROM parallel_map('prices', 'p') LIMIT 6");
    sql_test_expect(db, "SELECT rows_out >= 6, error FROM parallel_map_runs WHERE run = 2", "1|NULL");
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.w USING parallel_map(source = prices, map = (p), where = (id "
                     "% 2), chunk = 10)");
    sql_test_run(db, "SELECT * FROM w");
    sql_test_expect(db, "SELECT rows_in, rows_out, tasks, chunk FROM parallel_map_runs WHERE run = 3",
                    "20|10|2|10");
    /* A source that is empty. */
    sql_test_run(db, "SELECT * FROM parallel_map('SELECT 1 AS a WHERE 0', 'a')");
    sql_test_expect(db, "SELECT rows_in, rows_out, tasks, error FROM parallel_map_runs WHERE run = 4",
                    "0|0|0|NULL");
}

static void the_last_runs_are_kept(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    for (int i = 0; i < 250; i++)
        sql_test_run(db, "SELECT * FROM parallel_map('prices', 'p')");
    sql_test_expect(
        db, "SELECT count(*) >= 100, max(run), max(run) - min(run) + 1 = count(*) FROM parallel_map_runs",
        "1|250|1");
    sql_test_expect(
        db, "SELECT count(*) FROM parallel_map_tasks WHERE run NOT IN (SELECT run FROM parallel_map_runs)",
        "0");
    sql_test_expect(
        db,
        "SELECT count(*) FROM (SELECT run FROM parallel_map_runs EXCEPT SELECT run FROM parallel_map_tasks)",
        "0");
    sql_test_expect(
        db, "SELECT group_concat(run) = group_concat(run) FROM (SELECT run FROM parallel_map_runs)", "1");
}

/* The log may be read, and grow, while it is read. */
static void the_log_as_a_source(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    sql_test_run(db, "SELECT * FROM parallel_map('prices', 'p')");
    sql_test_expect(db,
                    "SELECT value FROM parallel_map('SELECT rows_in FROM parallel_map_runs WHERE run = 1', "
                    "'rows_in * 2')",
                    "40");
    sql_test_expect(
        db, "SELECT count(*) > 0 FROM parallel_map_runs CROSS JOIN parallel_map('prices', 'p') LIMIT 1", "1");
    sql_test_run(db,
                 "WITH r AS (SELECT run FROM parallel_map_runs LIMIT 300) SELECT count(*) FROM r CROSS JOIN"
                 " parallel_map('prices', 'p')");
}

static void configuration(void **state)
{
    sqlite3 *db = sql_test_open();
    (void)state;
    sql_test_expect(db,
                    "SELECT parallel_map_config('executor'), parallel_map_config('chunk'), "
                    "parallel_map_config('retries'),"
                    " parallel_map_config('timeout_seconds'), parallel_map_config('progress')",
                    "'auto'|NULL|2|0.0|0");
    sql_test_expect(
        db,
        "SELECT parallel_map_config('workers') BETWEEN 1 AND 1024, parallel_map_config('idle_seconds') > 0",
        "1|1");
    sql_test_expect(db,
                    "SELECT parallel_map_config('executor', 'Threads'), parallel_map_config('workers', 3),"
                    " parallel_map_config('chunk', 100), parallel_map_config('retries', 0),"
                    " parallel_map_config('timeout_seconds', 1.5), parallel_map_config('idle_seconds', 0),"
                    " parallel_map_config('progress', 1)",
                    "'threads'|3|100|0|1.5|0.0|1");
    sql_test_expect(db,
                    "SELECT parallel_map_config('EXECUTOR'), parallel_map_config('workers'), "
                    "parallel_map_config('chunk'),"
                    " parallel_map_config('retries'), parallel_map_config('timeout_seconds')",
                    "'threads'|3|100|0|1.5");
    sql_test_expect(db, "SELECT parallel_map_config('sums'), parallel_map_config('sums', 'SQLite')",
                    "'exact'|'sqlite'");
    sql_test_expect(
        db, "SELECT parallel_map_config('chunk', NULL), parallel_map_config('workers', NULL) >= 1", "NULL|1");
    sql_test_run(db, "SELECT parallel_map_config('progress', 0), parallel_map_config('workers', '2')");
    map_test_prices(db);
    sql_test_run(
        db, "SELECT * FROM parallel_map('prices', 'p'); SELECT * FROM parallel_map('prices', 'p', 'serial')");
    sql_test_expect(db, "SELECT requested, workers FROM parallel_map_runs", "'threads'|2\n'serial'|1");
    /* Another connection has its own. */
    sqlite3 *other = sql_test_open();
    sql_test_expect(other, "SELECT parallel_map_config('executor')", "'auto'");
    sql_test_close(&other);
    static const char *const bad[][2] = {
        {"'worker'",
         "unknown name 'worker': expected executor, workers, waiting_workers, chunk, retries, timeout_seconds, "
         "idle_seconds, progress, sums, mpi_hosts, mpi_hostfile, mpi_launcher, mpi_address or heartbeat_seconds"},
        {"NULL",
         "unknown name 'NULL': expected executor, workers, waiting_workers, chunk, retries, timeout_seconds, "
         "idle_seconds, progress, sums, mpi_hosts, mpi_hostfile, mpi_launcher, mpi_address or heartbeat_seconds"},
        {"''",
         "unknown name '': expected executor, workers, waiting_workers, chunk, retries, timeout_seconds, idle_seconds, "
         "progress, sums, mpi_hosts, mpi_hostfile, mpi_launcher, mpi_address or heartbeat_seconds"},
        {"'sums', 'fast'", "sums is 'fast': expected 'exact' or 'sqlite'"},
        {"'executor', 'fork'", "executor is 'fork': expected " EXECUTOR_CHOICES},
        {"'executor', NULL", "executor is 'NULL': expected " EXECUTOR_CHOICES},
        {"'workers', 0",
         "workers is '0': expected a whole number from 1 to 1024, or NULL for the processors there are"},
        {"'workers', 1025",
         "workers is '1025': expected a whole number from 1 to 1024, or NULL for the processors there are"},
        {"'workers', 1.5",
         "workers is '1.5': expected a whole number from 1 to 1024, or NULL for the processors there are"},
        {"'workers', 'x'",
         "workers is 'x': expected a whole number from 1 to 1024, or NULL for the processors there are"},
        {"'chunk', 0", "chunk is '0': expected a whole number of rows from 1 to 1000000000, or NULL for the "
                       "planner's choice"},
        {"'chunk', -1", "chunk is '-1': expected a whole number of rows from 1 to 1000000000, or NULL for "
                        "the planner's choice"},
        {"'retries', -1", "retries is '-1': expected a whole number from 0 to 100"},
        {"'retries', 101", "retries is '101': expected a whole number from 0 to 100"},
        {"'retries', NULL", "retries is 'NULL': expected a whole number from 0 to 100"},
        {"'timeout_seconds', -1", "timeout_seconds is '-1': expected a number from 0 (no limit) to 1000000"},
        {"'timeout_seconds', 'soon'",
         "timeout_seconds is 'soon': expected a number from 0 (no limit) to 1000000"},
        {"'timeout_seconds', 9e999",
         "timeout_seconds is 'Inf': expected a number from 0 (no limit) to 1000000"},
        {"'timeout_seconds', NULL",
         "timeout_seconds is 'NULL': expected a number from 0 (no limit) to 1000000"},
        {"'idle_seconds', 1e7", "idle_seconds is '10000000.0': expected a number from 0 to 1000000"},
        {"'progress', 2", "progress is '2': expected 0 or 1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *sql = sqlite3_mprintf("SELECT parallel_map_config(%s)", bad[i][0]);
        char *message = sqlite3_mprintf("parallel_map_config: %s", bad[i][1]);
        sql_test_expect_error(db, sql, SQLITE_ERROR, message);
        sqlite3_free(sql);
        sqlite3_free(message);
    }
    sql_test_expect(db,
                    "SELECT parallel_map_config('executor'), parallel_map_config('workers'), "
                    "parallel_map_config('retries'),"
                    " parallel_map_config('timeout_seconds')",
                    "'threads'|2|0|1.5");
    sql_test_close(&db);
}

static void version(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    sql_test_expect(db, "SELECT pricemap_version()", "'" PRICEMAP_VERSION "'");
    sql_test_run(db, "CREATE TABLE t(a, v AS (pricemap_version())); INSERT INTO t VALUES (1)");
}

/* What a query writes on a terminal, to be freed. */
static char *seen_on_terminal(sqlite3 *db, const char *sql)
{
    Terminal terminal = terminal_begin();
    sql_test_run(db, sql);
    return terminal_end(&terminal);
}

/* A map over so many rows that it takes longer than the line waits, whatever the machine. How long it will
 * take is known once the rows are: here, the second time. */
static void progress_on_a_terminal(void **state)
{
    static const char sum[] = "SELECT sum(c) FROM temp.crazy", wipe[] = "\r\033[K";
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_run(db, "CREATE TABLE many(p REAL); INSERT INTO many WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL"
                     " SELECT i + 1 FROM n WHERE i < 4000) SELECT i FROM n;"
                     " CREATE VIRTUAL TABLE temp.crazy USING parallel_map(source = many,"
                     " map = (increase_price_crazy(p) AS c));"
                     " SELECT parallel_map_config('progress', 1)");
    char *text = seen_on_terminal(db, sum);
    for (int doubled = 0; !*text && doubled < 10; doubled++) {
        free(text);
        sql_test_run(db, "INSERT INTO many SELECT * FROM many");
        text = seen_on_terminal(db, sum);
    }
    assert_non_null(strstr(text, "\r\033[Kparallel_map: "));
    assert_non_null(strstr(text, " rows/s"));
    assert_true(strlen(text) > strlen(wipe));
    assert_string_equal(text + strlen(text) - strlen(wipe), wipe);
    free(text);
    sql_test_run(db, "INSERT INTO many SELECT * FROM many");
    free(seen_on_terminal(db, sum));
    text = seen_on_terminal(db, sum);
    assert_non_null(strstr(text, " s left"));
    assert_string_equal(text + strlen(text) - strlen(wipe), wipe);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(columns_of_the_log),          MAP_TEST_EACH(a_run_and_its_tasks),
        MAP_TEST_EACH(errors_and_early_ends),  MAP_TEST_EACH(the_last_runs_are_kept),
        MAP_TEST_EACH(the_log_as_a_source),    MAP_TEST(configuration),
        MAP_TEST_EACH(progress_on_a_terminal), MAP_TEST(version),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
