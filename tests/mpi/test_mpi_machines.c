/* Three machines, made of namespaces: each has a rank. One crashes, one is unplugged in the middle of a map:
 * the map goes on with those that remain, gives each row once, and leaves nothing, not on the lost machine
 * either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/machines.h"
#include "tests/support/mpi_test.h"

enum { ROWS = 300, MINUTE_MS = 60000 };

static bool possible;

static void prepare(MapTest *test)
{
    if (!possible)
        skip();
    mpi_test_prepare(test->db, ROWS);
    machines_begin(test->folder);
    /* Open MPI 4 reads the first, 5 the second. */
    setenv("OMPI_MCA_plm_rsh_agent", machines_agent(), 1);
    setenv("PRTE_MCA_plm_ssh_agent", machines_agent(), 1);
    map_test_run(test->db,
                 "SELECT parallel_map_config('mpi_launcher', NULL), parallel_map_config('workers', 3), "
                 "parallel_map_config('mpi_hosts', '" MACHINES_HOSTS "'), "
                 "parallel_map_config('mpi_address', '" MACHINES_ADDRESS "'), "
                 "parallel_map_config('heartbeat_seconds', 2)");
}

/* The connection closes; nothing is left on this machine, nor on those that can be reached. */
static void leave(MapTest *test)
{
    sql_test_close(&test->db);
    for (int i = 1; i <= MACHINES; i++) {
        for (int tries = 0; tries < MINUTE_MS / 10 && (machines_processes(i) || machines_files(i)); tries++)
            usleep(10000);
        assert_int_equal(machines_processes(i), 0);
        assert_int_equal(machines_files(i), 0);
    }
    mpi_test_nothing_left();
    machines_end();
    test->db = map_test_open(test, ":memory:");
}

static void expect_machines(sqlite3 *db, const char *machines)
{
    sql_test_expect(
        db,
        "SELECT group_concat(host) FROM (SELECT DISTINCT host FROM parallel_map_tasks WHERE run = "
        "(SELECT max(run) FROM parallel_map_runs) ORDER BY host)",
        machines);
}

static void three_machines(void **state)
{
    MapTest *test = *state;
    prepare(test);
    crash_test_still_works(test->db);
    assert_int_equal(map_test_same(test->db, "SELECT rowid, a FROM t", mpi_test_map), ROWS);
    expect_machines(test->db, "'m1,m2,m3'");
    leave(test);
}

static void crash_m1(void)
{
    machines_crash(1);
}

static void crash_m3(void)
{
    machines_crash(3);
}

static void unplug_m1(void)
{
    machines_plug(1, false);
}

static void unplug_m3(void)
{
    machines_plug(3, false);
}

static void goes_on(void **state, void (*happen)(void), const char *machines)
{
    MapTest *test = *state;
    prepare(test);
    mpi_test_map_with(test->db, ROWS, happen);
    assert_true(mpi_test_retries(test->db) > 0);
    map_test_run(test->db, "SELECT count(*) FROM parallel_map('t', 'sleep_ms(3 + a * 0)')");
    expect_machines(test->db, machines);
    leave(test);
}

static void a_machine_crashes(void **state)
{
    goes_on(state, crash_m3, "'m1,m2'");
}

static void the_machine_of_rank_0_crashes(void **state)
{
    goes_on(state, crash_m1, "'m2,m3'");
}

static void a_machine_is_unplugged(void **state)
{
    goes_on(state, unplug_m3, "'m1,m2'");
}

static void the_machine_of_rank_0_is_unplugged(void **state)
{
    goes_on(state, unplug_m1, "'m2,m3'");
}

/* The machines are in a file, which goes on to name the one that crashed. */
static void a_machine_of_a_hostfile_crashes(void **state)
{
    MapTest *test = *state;
    prepare(test);
    char *path = map_test_path(test, "machines");
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("# Three machines.\n\nm1 slots=1\n  m2 slots=1\nm3 slots=1 # the last\n", file);
    assert_int_equal(fclose(file), 0);
    map_test_run(test->db,
                 "SELECT parallel_map_config('mpi_hosts', NULL), parallel_map_config('mpi_hostfile', %Q)",
                 path);
    mpi_test_map_with(test->db, ROWS, crash_m3);
    map_test_run(test->db, "SELECT count(*) FROM parallel_map('t', 'sleep_ms(3 + a * 0)')");
    expect_machines(test->db, "'m1,m2'");
    sqlite3_free(path);
    leave(test);
}

/* A machine has another file of an extension's. */
static void another_file_on_a_machine(void **state)
{
    MapTest *test = *state;
    prepare(test);
    char *other = map_test_path(test, "other.so"), command[8192];
    snprintf(command, sizeof command, "{ cat '%s'; echo; } > '%s'", WAITING_EXTENSION, other);
    assert_int_equal(system(command), 0);
    machines_replace(2, WAITING_EXTENSION, other);
    assert_int_equal(crash_test_run_out(test->db, mpi_test_map), SQLITE_ERROR);
    assert_non_null(
        strstr(sqlite3_errmsg(test->db), "parallel_map: machine m2: its file " WAITING_EXTENSION));
    sqlite3_free(other);
    leave(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MPI_TEST(three_machines),
        MPI_TEST(a_machine_crashes),
        MPI_TEST(the_machine_of_rank_0_crashes),
        MPI_TEST(a_machine_of_a_hostfile_crashes),
        MPI_TEST(a_machine_is_unplugged),
        MPI_TEST(the_machine_of_rank_0_is_unplugged),
        MPI_TEST(another_file_on_a_machine),
    };
    possible = machines_possible();
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests_name("mpi_machines", tests, mpi_test_begin, mpi_test_end);
}
