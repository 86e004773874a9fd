#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/mpi_test.h"

enum { MINUTE_MS = 60000, GONE_MS = 3000 };

int mpi_test_begin(void **state)
{
    static char folder[] = "/tmp/pricemap-mpi-test-XXXXXX";
    (void)state;
    return mkdtemp(folder) && setenv("TMPDIR", folder, 1) == 0 ? 0 : -1;
}

int mpi_test_end(void **state)
{
    (void)state;
    return rmdir(getenv("TMPDIR"));
}

void mpi_test_need(void)
{
    const char *rank = getenv("PRICEMAP_RANK");
    if (rank && access(rank, X_OK) == 0)
        return;
    print_message("skipped: pricemap was built without MPI (Debian: openmpi-bin libopenmpi-dev, or mpich "
                  "libmpich-dev)\n");
    skip();
}

void mpi_test_prepare(sqlite3 *db, int rows)
{
    mpi_test_need();
    crash_test_prepare(db, rows);
    map_test_run(db, "SELECT parallel_map_load(%Q)", WAITING_EXTENSION);
    map_test_run(db,
                 "SELECT parallel_map_config('mpi_address', '127.0.0.1'), "
                 "parallel_map_config('mpi_launcher', %Q || '-n ' || %d)",
                 MPI_TEST_LAUNCHER, MPI_TEST_RANKS);
}

const char mpi_test_map[] = "SELECT key, value FROM parallel_map('t', 'sleep_ms(3 + a * 0) * 0 + a')";

void mpi_test_map_with(sqlite3 *db, int rows, void (*happen)(void))
{
    sqlite3_stmt *statement;
    sqlite3_int64 row = 0;
    int rc;
    assert_int_equal(sqlite3_prepare_v2(db, mpi_test_map, -1, &statement, NULL), SQLITE_OK);
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        row++;
        assert_int_equal(sqlite3_column_int64(statement, 0), row);
        assert_int_equal(sqlite3_column_int64(statement, 1), row);
        if (row == rows / 3)
            happen();
    }
    if (rc != SQLITE_DONE)
        print_error("%s\n", sqlite3_errmsg(db));
    assert_int_equal(rc, SQLITE_DONE);
    assert_int_equal(row, rows);
    sqlite3_finalize(statement);
}

static int rank_of(pid_t pid)
{
    /* Variables of Open MPI and of MPICH. */
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK=", "PMI_RANK="};
    char path[64], text[1 << 16];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = 0;
    for (const char *entry = text; entry < text + length; entry += strlen(entry) + 1)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (!strncmp(entry, names[i], strlen(names[i])))
                return atoi(entry + strlen(names[i]));
    return -1;
}

pid_t mpi_test_rank(int number)
{
    for (int tries = 0; tries < MINUTE_MS / 10; tries++) {
        pid_t pids[16];
        int count = leftovers_find("pricemap-rank", pids, 16);
        for (int i = 0; i < count; i++)
            if (rank_of(pids[i]) == number)
                return pids[i];
        usleep(10000);
    }
    return 0;
}

pid_t mpi_test_process(const char *name)
{
    pid_t pid = 0;
    for (int tries = 0; tries < MINUTE_MS / 10 && !leftovers_find(name, &pid, 1); tries++)
        usleep(10000);
    return pid;
}

static int count_folders(void)
{
    DIR *folder = opendir(getenv("TMPDIR"));
    struct dirent *entry;
    int count = 0;
    assert_non_null(folder);
    while ((entry = readdir(folder)))
        count += !strncmp(entry->d_name, "pricemap-mpi-", strlen("pricemap-mpi-"));
    closedir(folder);
    return count;
}

void mpi_test_nothing_left(void)
{
    int tries = 0;
    while (tries++ < GONE_MS / 10 && (leftovers_processes(0) || count_folders()))
        usleep(10000);
    assert_int_equal(leftovers_processes(0), 0);
    assert_int_equal(count_folders(), 0);
}

sqlite3_int64 mpi_test_retries(sqlite3 *db)
{
    return sql_test_integer(db, "SELECT retries FROM parallel_map_runs ORDER BY run DESC LIMIT 1");
}
