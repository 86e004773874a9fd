/* The executor mpi where it cannot start: the message names the cause and what to do, nothing is left, and
 * the connection's other executors work. Most of these need no MPI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/mpi_test.h"

static void set_launcher(sqlite3 *db, const char *launcher)
{
    map_test_allow_extensions(db, 1);
    map_test_run(
        db,
        "SELECT parallel_map_config('mpi_address', '127.0.0.1'), parallel_map_config('mpi_launcher', "
        "%Q)",
        launcher);
}

/* The map fails, at once and again, with a message that has all of these parts. */
static void expect_failure(MapTest *test, const char *const *parts)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(crash_test_run_out(test->db, "SELECT value FROM parallel_map('prices', 'p', 'mpi')"),
                         SQLITE_ERROR);
        for (const char *const *part = parts; *part; part++)
            if (!strstr(sqlite3_errmsg(test->db), *part)) {
                print_error("'%s' is not in: %s\n", *part, sqlite3_errmsg(test->db));
                fail();
            }
    }
    map_test_same(test->db, "SELECT p FROM prices",
                  "SELECT value FROM parallel_map('prices', 'p', 'threads')");
    mpi_test_nothing_left();
}

static void no_launcher(void **state)
{
    MapTest *test = *state;
    map_test_prices(test->db);
    set_launcher(test->db, "no-such-launcher -n 3");
    expect_failure(test, (const char *const[]){"cannot run no-such-launcher: No such file or directory",
                                               "before its ranks were ready",
                                               MPI_TEST_MPICH ? "install MPICH" : "install Open MPI", NULL});
    set_launcher(test->db, "false");
    expect_failure(test, (const char *const[]){"the MPI launcher ended before its ranks were ready",
                                               "exit status 1", NULL});
    set_launcher(test->db, "sh -c 'kill -9 $$'");
    expect_failure(test, (const char *const[]){"killed by signal 9", NULL});
    set_launcher(test->db, NULL);
    setenv("PRICEMAP_MPI_LAUNCHER", "mpirun 'open", 1);
    expect_failure(test, (const char *const[]){"PRICEMAP_MPI_LAUNCHER", "quotes", NULL});
    unsetenv("PRICEMAP_MPI_LAUNCHER");
}

/* Open MPI alone refuses root, counts slots, and ends where it has no way to a machine. */
static void need_openmpi(void)
{
    mpi_test_need();
    if (!MPI_TEST_MPICH)
        return;
    print_message("skipped: pricemap is built for MPICH\n");
    skip();
}

static void root_is_refused(void **state)
{
    MapTest *test = *state;
    need_openmpi();
    if (geteuid() != 0) {
        print_message("skipped: this user is not root\n");
        skip();
    }
    map_test_prices(test->db);
    unsetenv("OMPI_ALLOW_RUN_AS_ROOT");
    unsetenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM");
    set_launcher(test->db, NULL);
    expect_failure(
        test, (const char *const[]){"root", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 in its environment", NULL});
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
}

static void no_slots(void **state)
{
    MapTest *test = *state;
    need_openmpi();
    map_test_prices(test->db);
    set_launcher(test->db, "mpirun --mca plm isolated -n 4000");
    expect_failure(test, (const char *const[]){"not enough slots", "--oversubscribe", NULL});
}

static void no_ssh(void **state)
{
    MapTest *test = *state;
    need_openmpi();
    map_test_prices(test->db);
    /* Open MPI 4 reads the first two, 5 the third, and only for a machine that is not this one. */
    set_launcher(test->db, "env OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent=no-such-agent "
                           "PRTE_MCA_plm_ssh_agent=no-such-agent mpirun -H no-such-machine -n 1");
    expect_failure(test, (const char *const[]){"no-such-agent", "install an ssh client", NULL});
}

static void options_of_another_launcher(void **state)
{
    MapTest *test = *state;
    mpi_test_need();
    map_test_prices(test->db);
    set_launcher(test->db, MPI_TEST_LAUNCHER "--no-such-option 1 -n 2");
    expect_failure(test, (const char *const[]){"before its ranks were ready", "no-such-option",
                                               "mpi_launcher has an option that this launcher does not know",
                                               NULL});
}

static void no_rank_on_a_machine(void **state)
{
    MapTest *test = *state;
    const char *rank = getenv("PRICEMAP_RANK");
    mpi_test_need();
    char *before = strdup(rank);
    setenv("PRICEMAP_RANK", "/no/such/folder/pricemap-rank", 1);
    map_test_prices(test->db);
    set_launcher(test->db, MPI_TEST_LAUNCHER "-n 2");
    expect_failure(test, (const char *const[]){"/no/such/folder/pricemap-rank",
                                               "install pricemap at the same path on every machine", NULL});
    setenv("PRICEMAP_RANK", before, 1);
    free(before);
}

/* ---- ranks that do not fit ---- */

static void the_launcher_of_another_mpi(void **state)
{
    MapTest *test = *state;
    mpi_test_need();
    if (system(MPI_TEST_OTHER_LAUNCHER "-n 1 true >/dev/null 2>&1") != 0) {
        print_message("skipped: there is no launcher of another MPI (Debian: mpich beside openmpi-bin)\n");
        skip();
    }
    map_test_prices(test->db);
    set_launcher(test->db, MPI_TEST_OTHER_LAUNCHER "-n 2");
    expect_failure(test, (const char *const[]){"before its ranks were ready",
                                               "has started 2 ranks, and each finds itself alone",
                                               MPI_TEST_MPICH ? "built for MPICH" : "built for Open MPI",
                                               "set mpi_launcher", NULL});
}

static void ranks_of_another_build(void **state)
{
    MapTest *test = *state;
    static const struct {
        const char *fault, *parts[3];
    } cases[] = {
        {"version",
         {"machine elsewhere: its pricemap-rank is version 0.0.1 and pricemap " PRICEMAP_VERSION,
          "install both"}},
        {"layout", {"of another build", "on every machine"}},
        {"protocol", {"of another build"}},
        {"ranks", {"-1 ranks"}},
        /* These are no ranks of the host's: the connection is closed, and the launcher ends. */
        {"cookie", {"ended before its ranks were ready (exit status 4): let go of"}},
        {"size", {"ended before its ranks were ready (exit status 4): let go of"}},
        {"leave", {"exit status 4"}},
    };
    const char *rank = getenv("PRICEMAP_RANK");
    char *before = rank ? strdup(rank) : NULL;
    map_test_prices(test->db);
    setenv("PRICEMAP_RANK", FAKE_RANK, 1);
    set_launcher(test->db, "env");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *parts[] = {cases[i].parts[0], cases[i].parts[1], cases[i].parts[2], NULL};
        setenv("FAKE_RANK", cases[i].fault, 1);
        expect_failure(test, parts);
    }
    unsetenv("PRICEMAP_RANK");
    if (before)
        setenv("PRICEMAP_RANK", before, 1);
    free(before);
}

static void no_rank_program(void **state)
{
    MapTest *test = *state;
    const char *rank = getenv("PRICEMAP_RANK"), *extension = getenv("PRICEMAP_EXTENSION");
    char *before = rank ? strdup(rank) : NULL, *copy = map_test_path(test, "pricemap.so"), command[8192];
    sqlite3_close(test->db);
    snprintf(command, sizeof command, "cp '%s' '%s'", extension, copy);
    assert_int_equal(system(command), 0);
    char *original = strdup(extension);
    setenv("PRICEMAP_EXTENSION", copy, 1);
    unsetenv("PRICEMAP_RANK");
    test->db = map_test_open(test, ":memory:");
    map_test_prices(test->db);
    set_launcher(test->db, NULL);
    expect_failure(test,
                   (const char *const[]){"executor = mpi needs the program pricemap-rank",
                                         "install Open MPI (Debian: openmpi-bin libopenmpi-dev)", NULL});
    setenv("PRICEMAP_EXTENSION", original, 1);
    if (before)
        setenv("PRICEMAP_RANK", before, 1);
    free(original);
    free(before);
    sqlite3_free(copy);
}

/* ---- settings ---- */

static void settings(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    sql_test_expect(db,
                    "SELECT parallel_map_config('mpi_hosts'), parallel_map_config('mpi_hostfile'), "
                    "parallel_map_config('mpi_launcher'), parallel_map_config('mpi_address'), "
                    "parallel_map_config('heartbeat_seconds')",
                    "NULL|NULL|NULL|NULL|10.0");
    sql_test_expect(
        db,
        "SELECT parallel_map_config('mpi_hosts', 'a:16,b:16'), parallel_map_config('MPI_HOSTFILE', "
        "'/etc/machines'), parallel_map_config('mpi_address', 'host'), "
        "parallel_map_config('heartbeat_seconds', 2.5)",
        "'a:16,b:16'|'/etc/machines'|'host'|2.5");
    sql_test_expect(db, "SELECT parallel_map_config('mpi_hosts', NULL), parallel_map_config('mpi_hosts')",
                    "NULL|NULL");
    sql_test_expect_error(
        db, "SELECT parallel_map_config('mpi_launcher', 'rm -rf /')", SQLITE_ERROR,
        "parallel_map_config: mpi_launcher is a command that is run: it can be set while the "
        "host allows loading extensions, or by PRICEMAP_MPI_LAUNCHER");
    sql_test_expect_error(db, "SELECT parallel_map_config('mpi_hosts', '--mca x')", SQLITE_ERROR,
                          "parallel_map_config: mpi_hosts is '--mca x': expected names of machines, as "
                          "'a:16,b:16', or NULL");
    sql_test_expect_error(
        db, "SELECT parallel_map_config('mpi_hostfile', '-x')", SQLITE_ERROR,
        "parallel_map_config: mpi_hostfile is '-x': expected the path of a file with a machine on each line, or NULL");
    sql_test_expect_error(db, "SELECT parallel_map_config('heartbeat_seconds', 0)", SQLITE_ERROR,
                          "parallel_map_config: heartbeat_seconds is '0': expected a number from 1 to 3600");
    sql_test_expect_error(db, "SELECT parallel_map_config('heartbeat_seconds', 'x')", SQLITE_ERROR,
                          "parallel_map_config: heartbeat_seconds is 'x': expected a number from 1 to 3600");
    map_test_allow_extensions(db, 1);
    sql_test_expect(db, "SELECT parallel_map_config('mpi_launcher', 'srun -N 4')", "'srun -N 4'");
    map_test_allow_extensions(db, 0);
    sql_test_expect(db, "SELECT parallel_map_config('mpi_launcher')", "'srun -N 4'");
}

/* Each value that cannot be meant is refused, with the setting's name and what is expected. */
static void values_that_are_refused(void **state)
{
    MapTest *test = *state;
    static const struct {
        const char *setting, *value, *expected;
    } refused[] = {
        {"mpi_hosts", "a:16, b:16", "names of machines, as 'a:16,b:16'"},
        {"mpi_hosts", "a:16,,b", "names of machines"},
        {"mpi_hosts", "a,b,", "names of machines"},
        {"mpi_hosts", "a:", "names of machines"},
        {"mpi_hosts", "a:0", "names of machines"},
        {"mpi_hosts", "a:99999999999999999999", "names of machines"},
        {"mpi_hosts", "a:16b", "names of machines"},
        {"mpi_hosts", "a b", "names of machines"},
        {"mpi_hosts", "a,-b", "names of machines"},
        {"mpi_hosts", "$(reboot)", "names of machines"},
        {"mpi_hostfile", "/a\nb", "the path of a file"},
        {"mpi_address", "-a", "the name or the address of this machine, without a port"},
        {"mpi_address", "here:5000", "without a port"},
        {"mpi_address", "http://here", "without a port"},
        {"mpi_address", "a b", "without a port"},
        {"mpi_address", "fe80::1%", "without a port"},
        {"mpi_launcher", "srun 'a", "a command with its quotes closed, as 'srun --mpi=pmix -N 4'"},
        {"mpi_launcher", " \t", "a command with its quotes closed"},
    };
    map_test_allow_extensions(test->db, 1);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char *sql =
            sqlite3_mprintf("SELECT parallel_map_config(%Q, %Q)", refused[i].setting, refused[i].value);
        char *named = sqlite3_mprintf("parallel_map_config: %s is '%s': expected ", refused[i].setting,
                                      refused[i].value);
        assert_int_equal(crash_test_run_out(test->db, sql), SQLITE_ERROR);
        assert_non_null(strstr(sqlite3_errmsg(test->db), named));
        assert_non_null(strstr(sqlite3_errmsg(test->db), refused[i].expected));
        sqlite3_free(sql);
        sqlite3_free(named);
    }
    assert_int_equal(
        crash_test_run_out(test->db, "SELECT parallel_map_config('mpi_hosts', CAST(x'610062' AS TEXT))"),
        SQLITE_ERROR);
    sql_test_expect_error(test->db, "SELECT parallel_map_config('mpi_hosts', hex(zeroblob(5000)))",
                          SQLITE_ERROR,
                          "parallel_map_config: mpi_hosts has 10000 bytes: expected 8192 at most");
    /* What was refused has changed nothing. */
    sql_test_expect(test->db,
                    "SELECT parallel_map_config('mpi_hosts'), parallel_map_config('mpi_hostfile'), "
                    "parallel_map_config('mpi_launcher'), parallel_map_config('mpi_address')",
                    "NULL|NULL|NULL|NULL");
    static const char *const addresses[] = {"10.0.0.1", "host-1.example", "fe80::1", "fe80::1%eth0",
                                            "::ffff:1.2.3.4"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        map_test_run(test->db, "SELECT parallel_map_config('mpi_address', %Q)", addresses[i]);
    map_test_run(test->db, "SELECT parallel_map_config('mpi_launcher', 'env \"A=b c\" srun')");
}

/* Settings that contradict each other, or that name what is not there. */
static void settings_that_cannot_be_used(void **state)
{
    MapTest *test = *state;
    const char *rank = getenv("PRICEMAP_RANK");
    char *before = rank ? strdup(rank) : NULL;
    setenv("PRICEMAP_RANK", FAKE_RANK, 1);
    map_test_prices(test->db);
    set_launcher(test->db, "env");
    map_test_run(test->db, "SELECT parallel_map_config('mpi_hosts', 'a:2')");
    expect_failure(test,
                   (const char *const[]){
                       "mpi_hosts is set, and mpi_launcher, a command that names its machines itself", NULL});
    set_launcher(test->db, NULL);
    map_test_run(
        test->db,
        "SELECT parallel_map_config('mpi_hosts', NULL), parallel_map_config('mpi_hostfile', '/no/such/file')");
    expect_failure(
        test, (const char *const[]){"mpi_hostfile '/no/such/file' cannot be read: No such file or directory",
                                    "a machine on each line", NULL});
    setenv("PRICEMAP_MPI_LAUNCHER", "env", 1);
    expect_failure(test, (const char *const[]){"mpi_hostfile is set, and PRICEMAP_MPI_LAUNCHER", NULL});
    unsetenv("PRICEMAP_MPI_LAUNCHER");
    unsetenv("PRICEMAP_RANK");
    if (before)
        setenv("PRICEMAP_RANK", before, 1);
    free(before);
}

/* An expensive map is never given to other machines unless it names them, though they could be had. */
static void auto_never_chooses_it(void **state)
{
    MapTest *test = *state;
    map_test_prices(test->db);
    map_test_run(test->db, "SELECT parallel_map_config('executor', 'auto')");
    set_launcher(test->db, MPI_TEST_LAUNCHER "-n 2");
    for (int i = 0; i < 5; i++)
        map_test_run(test->db, "SELECT sum(value) FROM parallel_map('prices', 'increase_price_crazy(p)')");
    sql_test_expect(
        test->db,
        "SELECT count(*), sum(executor = 'mpi'), sum(reason LIKE '%machine%') FROM parallel_map_runs",
        "5|0|0");
    assert_int_equal(leftovers_find("pricemap-rank", &(pid_t){0}, 1), 0);
    assert_int_equal(leftovers_find("pricemap-guard", &(pid_t){0}, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(no_launcher),
        MAP_TEST(root_is_refused),
        MAP_TEST(no_slots),
        MAP_TEST(no_ssh),
        MAP_TEST(options_of_another_launcher),
        MAP_TEST(no_rank_on_a_machine),
        MAP_TEST(the_launcher_of_another_mpi),
        MAP_TEST(ranks_of_another_build),
        MAP_TEST(no_rank_program),
        MAP_TEST(settings),
        MAP_TEST(values_that_are_refused),
        MAP_TEST(settings_that_cannot_be_used),
        MAP_TEST(auto_never_chooses_it),
    };
    return cmocka_run_group_tests_name("mpi_failures", tests, mpi_test_begin, mpi_test_end);
}
