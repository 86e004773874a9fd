/* The executor mpi as a host sees it, over three ranks on this machine: the same rows in the same order,
 * whatever ends a map early leaves the ranks ready for the next, and nothing is left when the connection
 * closes. What cannot start says what is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/mpi_test.h"

/* ---- the same rows ---- */

static void rows_come_in_order(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 3000);
    for (int i = 0; i < 2; i++)
        assert_int_equal(map_test_same(test->db, "SELECT rowid, a * 2 || 'x' FROM t",
                                       "SELECT key, value FROM parallel_map('t', 'a * 2 || ''x''')"),
                         3000);
    map_test_chunk(test->db, 0);
    assert_int_equal(map_test_same(test->db, "SELECT a, -a FROM (SELECT a FROM t ORDER BY a DESC)",
                                   "SELECT a, b FROM (SELECT NULL AS none) LEFT JOIN (SELECT value AS b, "
                                   "-value AS a FROM parallel_map('SELECT a FROM t ORDER BY a DESC', '-a'))"),
                     3000);
    sql_test_expect(test->db,
                    "SELECT DISTINCT executor, access, workers, retries, reason FROM parallel_map_runs WHERE "
                    "executor = 'mpi'",
                    "'mpi'|'feed'|2|0|'requested; fed: the workers are on other machines'");
}

/* Without a launcher's command the one rank of this machine is reached through a socket in a folder, and has
 * as many workers as the machine has processors. */
static void the_launcher_of_this_machine(void **state)
{
    MapTest *test = *state;
    mpi_test_need();
    map_test_prices(test->db);
    map_test_run(test->db, "SELECT parallel_map_config('workers', NULL)");
    map_test_list(test, "prices", "id, p, increase_price_crazy(p)");
    sql_test_expect(
        test->db,
        "SELECT executor, workers = parallel_map_config('workers') FROM parallel_map_runs ORDER BY "
        "run DESC LIMIT 1",
        "'mpi'|1");
    /* More workers than the rank has. */
    map_test_run(test->db, "SELECT parallel_map_config('workers', 5)");
    map_test_list(test, "prices", "p");
    sql_test_expect(test->db, "SELECT workers FROM parallel_map_runs ORDER BY run DESC LIMIT 1", "5");
}

/* Every worker of every rank has some of the tasks at a time. */
static void ranks_work_at_once(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, MPI_TEST_RANKS);
    map_test_run(test->db, "SELECT parallel_map_config('workers', %d)", MPI_TEST_RANKS);
    map_test_chunk(test->db, 1);
    char *path = map_test_path(test, "meeting");
    char *sql =
        sqlite3_mprintf("SELECT sum(value) FROM parallel_map('t', 'meet(''%q'', %d)')", path, MPI_TEST_RANKS);
    sql_test_expect(test->db, sql, "9");
    char name[65] = "", *expected = NULL;
    gethostname(name, sizeof name - 1);
    expected = sqlite3_mprintf("'%q'|3|3", name);
    sql_test_expect(
        test->db,
        "SELECT host, count(DISTINCT worker), count(DISTINCT pid) FROM parallel_map_tasks WHERE run = "
        "(SELECT max(run) FROM parallel_map_runs) GROUP BY host",
        expected);
    sqlite3_free(expected);
    sqlite3_free(sql);
    sqlite3_free(path);
}

/* A row of 100 MB, there and back, which ranks hand on in several messages. */
static void a_large_row(void **state)
{
    MapTest *test = *state;
    enum { BYTES = 100000000 };
    mpi_test_prepare(test->db, 1);
    if (MAP_TEST_SANITIZED)
        skip();
    map_test_run(test->db,
                 "CREATE TABLE large(b); INSERT INTO large SELECT zeroblob(%d) FROM (SELECT 1 UNION "
                 "ALL SELECT 2 UNION ALL SELECT 3)",
                 BYTES);
    map_test_run(test->db, "UPDATE large SET b = CAST(b || rowid AS BLOB)");
    sql_test_expect(
        test->db,
        "SELECT count(*), sum(l.b = m.value), sum(length(m.value) > 99999999) FROM large AS l JOIN "
        "parallel_map('large', 'b') AS m ON m.key = l.rowid",
        "3|3|3");
    crash_test_still_works(test->db);
}

/* Results of more than a turn's output: the rank that has a task goes on with it. */
static void results_in_several_turns(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 400);
    map_test_chunk(test->db, 100);
    assert_int_equal(map_test_same(test->db, "SELECT rowid, hex(zeroblob(20000)) || a FROM t",
                                   "SELECT key, value FROM parallel_map('t', 'hex(zeroblob(20000)) || a')"),
                     400);
}

/* ---- errors ---- */

static void a_failed_row(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 100);
    sql_test_expect_error(test->db,
                          "SELECT value FROM parallel_map('t', 'abs(iif(a = 35, -9223372036854775808, a))')",
                          SQLITE_ERROR, "integer overflow (row 35)");
    crash_test_still_works(test->db);
}

/* A row that kills each worker that meets it ends in the same error as with worker processes of this machine.
 */
static void a_deadly_row(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 100);
    pid_t before = 0;
    crash_test_still_works(test->db);
    before = mpi_test_rank(0);
    assert_int_equal(
        crash_test_run_out(test->db,
                           "SELECT value FROM parallel_map('t', 'iif(a = 35, misbehave(a, ''signal'', "
                           "11), a)')"),
        SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(test->db), "signal 11"));
    assert_non_null(strstr(sqlite3_errmsg(test->db), "at row 35"));
    crash_test_still_works(test->db);
    assert_int_equal(mpi_test_rank(0), before);
}

static void a_timeout(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 100);
    map_test_run(test->db, "SELECT parallel_map_config('timeout_seconds', 0.5), "
                           "parallel_map_config('retries', 0)");
    assert_int_equal(
        crash_test_run_out(
            test->db,
            "SELECT value FROM parallel_map('t', 'iif(a = 35, misbehave(a, ''hang'', 100000), a)')"),
        SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(test->db), "timed out after 0.5 s"));
    map_test_run(test->db, "SELECT parallel_map_config('timeout_seconds', 0)");
    crash_test_still_works(test->db);
}

/* ---- ends ---- */

static void early_ends(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 1000);
    for (int i = 0; i < 3; i++) {
        sql_test_expect(test->db,
                        "SELECT sum(value) FROM (SELECT value FROM parallel_map('t', 'sleep_ms(a)') "
                        "LIMIT 5)",
                        "15");
        crash_test_still_works(test->db);
    }
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(test->db, "SELECT value FROM parallel_map('t', 'sleep_ms(a)')", -1,
                                        &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    sqlite3_finalize(statement);
    crash_test_still_works(test->db);
}

static void an_interrupt(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 1000);
    for (int i = 0; i < 2; i++) {
        Interrupter *interrupter = crash_test_interrupt(test->db, NULL);
        int rc = crash_test_run_out(test->db, "SELECT value FROM parallel_map('t', 'sleep_ms(100000 + a)')");
        crash_test_end_interrupt(interrupter);
        assert_int_equal(rc, SQLITE_INTERRUPT);
    }
    crash_test_still_works(test->db);
}

/* The host closes its connection right after the start, with tasks that run, and with none. */
static void closing_leaves_nothing(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 100);
    mpi_test_nothing_left();
    for (int i = 0; i < 2; i++) {
        sqlite3 *db = map_test_open(test, ":memory:");
        mpi_test_prepare(db, 100);
        if (i)
            sql_test_expect(
                db, "SELECT value FROM parallel_map('t', 'iif(a = 1, a, sleep_ms(60000))') LIMIT 1", "1");
        else
            crash_test_still_works(db);
        sql_test_close(&db);
        mpi_test_nothing_left();
    }
}

/* Ranks end by themselves once no map has used them for so long, and the next map has others. */
static void idle_ranks_end(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 100);
    map_test_run(test->db, "SELECT parallel_map_config('idle_seconds', 0.2)");
    crash_test_still_works(test->db);
    for (int tries = 0; tries < 3000 && leftovers_processes(0); tries++)
        usleep(10000);
    mpi_test_nothing_left();
    crash_test_still_works(test->db);
    assert_int_equal(mpi_test_retries(test->db), 0);
}

/* A copy of the host has no ranks, and what it does is nothing to the original's. */
static void a_forked_host(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 100);
    crash_test_still_works(test->db);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        int rc = crash_test_run_out(test->db, "SELECT value FROM parallel_map('t', 'a')");
        bool told = strstr(sqlite3_errmsg(test->db), "before this process was forked") != NULL;
        sqlite3_close(test->db);
        _exit(rc == SQLITE_DONE || !told);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    pid_t before = mpi_test_rank(0);
    crash_test_still_works(test->db);
    assert_int_equal(mpi_test_rank(0), before);
}

/* What a map prints goes nowhere, least of all into what the host prints. */
static void a_printing_map(void **state)
{
    MapTest *test = *state;
    int ends[2];
    char text[64];
    mpi_test_prepare(test->db, 100);
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    fflush(stdout);
    int out = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    int rc =
        crash_test_run_out(test->db, "SELECT value FROM parallel_map('t', 'misbehave(a, ''print'', a)')");
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    close(out);
    close(ends[1]);
    ssize_t printed = read(ends[0], text, sizeof text);
    close(ends[0]);
    assert_int_equal(rc, SQLITE_DONE);
    assert_int_equal(printed, 0);
}

/* A query reads the file, which other machines have not. */
static void queries_stay_whole(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 100);
    map_test_run(test->db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT sum(a) FROM t)");
    sql_test_expect(test->db, "SELECT * FROM q", "5050");
    map_test_run(test->db, "DROP TABLE q");
    assert_int_equal(leftovers_find("pricemap-rank", &(pid_t){0}, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MPI_TEST(rows_come_in_order),
        MPI_TEST(the_launcher_of_this_machine),
        MPI_TEST(ranks_work_at_once),
        MPI_TEST(a_large_row),
        MPI_TEST(results_in_several_turns),
        MPI_TEST(a_failed_row),
        MPI_TEST(a_deadly_row),
        MPI_TEST(a_timeout),
        MPI_TEST(early_ends),
        MPI_TEST(an_interrupt),
        MPI_TEST(closing_leaves_nothing),
        MPI_TEST(idle_ranks_end),
        MPI_TEST(a_forked_host),
        MPI_TEST(a_printing_map),
        MPI_TEST(queries_stay_whole),
    };
    return cmocka_run_group_tests_name("mpi", tests, mpi_test_begin, mpi_test_end);
}
