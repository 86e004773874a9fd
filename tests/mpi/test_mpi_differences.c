/* Ranks of which one differs from the host: in its version, in its SQLite, in a file that its workers load.
 * The map fails with a message that names the machine and what differs, before any row of it is computed
 * there. */
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

#ifndef OTHER_RANK
#define OTHER_RANK ""
#endif

static char *own_rank;

/* Has rank 1 differ in this thing; NULL: in none. */
static void differ_in(const char *thing)
{
    if (!own_rank && getenv("PRICEMAP_RANK"))
        own_rank = strdup(getenv("PRICEMAP_RANK"));
    setenv("PRICEMAP_RANK", OTHER_RANK, 1);
    setenv("OTHER_RANK", thing ? thing : "", 1);
}

static void differ_no_more(void)
{
    if (own_rank)
        setenv("PRICEMAP_RANK", own_rank, 1);
    free(own_rank);
    own_rank = NULL;
    unsetenv("OTHER_RANK");
}

static void expect_error(sqlite3 *db, const char *sql, const char *const *parts)
{
    assert_int_equal(crash_test_run_out(db, sql), SQLITE_ERROR);
    for (; *parts; parts++)
        if (!strstr(sqlite3_errmsg(db), *parts)) {
            print_error("'%s' is not in: %s\n", *parts, sqlite3_errmsg(db));
            fail();
        }
}

/* ---- what a rank is built of ---- */

static void another_build(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 100);
    static const struct {
        const char *thing, *parts[3];
    } cases[] = {
        {"version",
         {"machine machine1: its pricemap-rank is version 0.0.2 and pricemap ", "on every machine"}},
        {"layout", {"machine machine1: ", PRICEMAP_VERSION " of another build"}},
        {"protocol", {"machine machine1: ", PRICEMAP_VERSION " of another build"}},
        {"sqlite", {": its SQLite (2022-02-22 an SQLite of its own) is another one than the host's ("}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        differ_in(cases[i].thing);
        for (int j = 0; j < 2; j++)
            expect_error(test->db, "SELECT value FROM parallel_map('t', 'a')", cases[i].parts);
        mpi_test_nothing_left();
    }
    differ_in(NULL);
    crash_test_still_works(test->db);
    differ_no_more();
}

/* ---- files ---- */

/* Makes the other machine's file of this name: what a command prints. */
static void make_other(const char *path, const char *content)
{
    char command[8192];
    snprintf(command, sizeof command, "%s > '%s.other'", content, path);
    assert_int_equal(system(command), 0);
}

static void another_extension(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 100);
    char *path = map_test_path(test, "tiny_extension.so"), command[8192];
    snprintf(command, sizeof command, "cp '%s' '%s'", TINY_EXTENSION, path);
    assert_int_equal(system(command), 0);
    make_other(path, "{ cat '" TINY_EXTENSION "'; echo; }");
    differ_in("files");
    /* The extensions of mpi_test_prepare have no other file there at all. */
    static const char sql[] = "SELECT sum(value) FROM parallel_map('t', 'a')";
    expect_error(test->db, sql,
                 (const char *const[]){"parallel_map: machine ", ": it cannot read the file ",
                                       "No such file or directory", "on every machine", NULL});
    sqlite3 *db = map_test_open(test, ":memory:");
    map_test_allow_extensions(db, 1);
    map_test_run(db, "SELECT parallel_map_load(%Q)", path);
    map_test_run(db,
                 "SELECT parallel_map_config('mpi_address', '127.0.0.1'), "
                 "parallel_map_config('mpi_launcher', %Q || '-n ' || %d), parallel_map_config('chunk', 10)",
                 MPI_TEST_LAUNCHER, MPI_TEST_RANKS);
    map_test_run(db, "CREATE TABLE t(a); INSERT INTO t SELECT value FROM json_each('[1, 2, 3, 4]')");
    map_test_chunk(db, 1);
    expect_error(db, sql,
                 (const char *const[]){": its file ", path, " (SHA-256 ", "than the host's (", NULL});
    /* The files are compared anew as soon as they are the same. */
    make_other(path, "cat '" TINY_EXTENSION "'");
    sql_test_expect(db, sql, "10");
    assert_int_equal(sqlite3_load_extension(db, path, NULL, NULL), SQLITE_OK);
    sql_test_expect(db, "SELECT sum(value) FROM parallel_map('t', 'tiny_double(a)')", "20.0");
    sql_test_close(&db);
    sqlite3_free(path);
    differ_no_more();
}

/* ---- messages between ranks ---- */

/* Rows of megabytes, there and back, in messages of a tenth of one. */
static void frames_in_many_messages(void **state)
{
    MapTest *test = *state;
    mpi_test_prepare(test->db, 1);
    differ_in(NULL);
    map_test_run(test->db,
                 "CREATE TABLE large(b); INSERT INTO large SELECT CAST(hex(zeroblob(value)) || value "
                 "AS BLOB) FROM json_each('[1, 32000, 49990, 50001, 100000, 150000, 1500000, "
                 "2000000]')");
    map_test_chunk(test->db, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(map_test_same(test->db, "SELECT rowid, b FROM large",
                                       "SELECT key, value FROM parallel_map('large', 'b')"),
                         8);
    crash_test_still_works(test->db);
    differ_no_more();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MPI_TEST(another_build),
        MPI_TEST(another_extension),
        MPI_TEST(frames_in_many_messages),
    };
    return cmocka_run_group_tests_name("mpi_differences", tests, mpi_test_begin, mpi_test_end);
}
