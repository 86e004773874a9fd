/* Deaths on the way of a map over three ranks: of a worker, of each kind of rank, of the launcher, of the
 * guard, and of the host. The rows are those of the plain SELECT, each once, the log says that tasks were
 * done again, and nothing is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/leftovers.h"
#include "tests/support/mpi_test.h"

enum { ROWS = 300 };

/* Finds the process that is to die. */
static pid_t (*find_victim)(void);

static void kill_victim(void)
{
    pid_t pid = find_victim();
    assert_true(pid > 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
}

static void survives(void **state, pid_t (*victim)(void))
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, ROWS);
    find_victim = victim;
    for (int i = 0; i < 2; i++) {
        mpi_test_map_with(test->db, ROWS, kill_victim);
        assert_true(mpi_test_retries(test->db) > 0);
    }
    crash_test_still_works(test->db);
    sql_test_close(&test->db);
    mpi_test_nothing_left();
    test->db = map_test_open(test, ":memory:");
}

static pid_t rank_0(void)
{
    return mpi_test_rank(0);
}

static pid_t rank_1(void)
{
    return mpi_test_rank(1);
}

/* From version 5 on, Open MPI's mpirun becomes prterun. */
static pid_t the_launcher(void)
{
    static const char *const names[] = {"prterun", "mpirun.openmpi", "mpirun.mpich"};
    pid_t pid = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (leftovers_find(names[i], &pid, 1))
            return pid;
    return mpi_test_process("mpirun");
}

static pid_t the_guard(void)
{
    return mpi_test_process("pricemap-guard");
}

static void rank_0_dies(void **state)
{
    survives(state, rank_0);
}

static void rank_1_dies(void **state)
{
    survives(state, rank_1);
}

static void the_launcher_dies(void **state)
{
    survives(state, the_launcher);
}

static void the_guard_dies(void **state)
{
    survives(state, the_guard);
}

/* A worker is replaced by its rank, which stays. */
static void a_worker_dies(void **state)
{
    MapTest *test = *state;
    char *once = map_test_path(test, "once");
    mpi_test_prepare(test->db, ROWS);
    crash_test_still_works(test->db);
    pid_t ranks[MPI_TEST_RANKS];
    for (int i = 0; i < MPI_TEST_RANKS; i++)
        ranks[i] = mpi_test_rank(i);
    char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('t', 'iif(a = 35 AND first_time(''%q''), "
                                "misbehave(a, ''signal'', 9), a)')",
                                once);
    assert_int_equal(map_test_same(test->db, "SELECT a FROM t", sql), ROWS);
    assert_int_equal(mpi_test_retries(test->db), 1);
    for (int i = 0; i < MPI_TEST_RANKS; i++)
        assert_int_equal(mpi_test_rank(i), ranks[i]);
    unlink(once);
    sqlite3_free(sql);
    sqlite3_free(once);
}

/* A rank that dies while no map runs is noticed by the next one. */
static void a_rank_dies_between_maps(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, ROWS);
    crash_test_still_works(test->db);
    kill(mpi_test_rank(1), SIGKILL);
    crash_test_still_works(test->db);
    kill(mpi_test_process("pricemap-guard"), SIGKILL);
    crash_test_still_works(test->db);
}

/* Ranks that die again and again end the map with an error, in finite time. */
static void ranks_that_always_die(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, ROWS);
    crash_test_still_works(test->db);
    /* The job that a worker is a part of ends with its guard. */
    int rc =
        crash_test_run_out(test->db, "SELECT value FROM parallel_map('t', 'misbehave(a, ''guard'', 9)')");
    assert_int_equal(rc, SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(test->db), "the process that watches the MPI launcher was killed"));
    crash_test_still_works(test->db);
}

/* The host is killed in the middle of a map. */
static void the_host_dies(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, ROWS);
    sql_test_close(&test->db);
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t host = fork();
    assert_true(host >= 0);
    if (!host) {
        sqlite3 *db = map_test_open(test, ":memory:");
        sqlite3_stmt *statement;
        mpi_test_prepare(db, ROWS);
        map_test_chunk(db, 1);
        if (sqlite3_prepare_v2(db, "SELECT value FROM parallel_map('t', 'iif(a = 1, a, sleep_ms(60000))')",
                               -1, &statement, NULL) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW && write(ends[1], "", 1) == 1)
            raise(SIGKILL);
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(host, &status, 0), host);
    assert_true(WIFSIGNALED(status));
    mpi_test_nothing_left();
    test->db = map_test_open(test, ":memory:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MPI_TEST(a_worker_dies),         MPI_TEST(rank_1_dies),    MPI_TEST(rank_0_dies),
        MPI_TEST(the_launcher_dies),     MPI_TEST(the_guard_dies), MPI_TEST(a_rank_dies_between_maps),
        MPI_TEST(ranks_that_always_die), MPI_TEST(the_host_dies),
    };
    return cmocka_run_group_tests_name("mpi_deaths", tests, mpi_test_begin, mpi_test_end);
}
