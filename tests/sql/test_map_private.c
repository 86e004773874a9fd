/* What a worker process gets to see of its host. SECURITY.md names this test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/within.h"
#include "tests/support/map_test.h"

/* Whether a worker may have this open: nothing of the host's but what joins the two. */
static int is_of_a_worker(const char *target, const char *file)
{
    static const char *const fine[] = {"/dev/null", "/memfd:pricemap", "socket:[", "pipe:[", "anon_inode:"};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (!strncmp(target, fine[i], strlen(fine[i])))
            return 1;
    /* Its own reading of the source. */
    return !strncmp(target, file, strlen(file));
}

static void expect_private(pid_t pid, const char *file)
{
    char folder[64], target[4096];
    snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pid);
    DIR *descriptors = opendir(folder);
    assert_non_null(descriptors);
    for (struct dirent *entry; (entry = readdir(descriptors));) {
        if (entry->d_name[0] == '.')
            continue;
        ssize_t length = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1);
        target[length > 0 ? length : 0] = 0;
        /* Standard output and error are the host's: that is where its own extensions may write. */
        if (length > 0 && atoi(entry->d_name) > 2 && !is_of_a_worker(target, file))
            fail_msg("process %d has %s open, at %s", (int)pid, target, entry->d_name);
    }
    closedir(descriptors);
}

/* In the middle of a map: no name that others could open, and no descriptor of the host in a worker. */
static void workers_share_nothing_by_name(void **state)
{
    MapTest *test = *state;
    sqlite3_stmt *statement;
    char *path = map_test_path(test, "t.db"), *other = map_test_path(test, "host-only");
    sql_test_close(&test->db);
    test->db = map_test_open(test, path);
    sql_test_run(test->db, "CREATE TABLE t(p);"
                           "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
                           "INSERT INTO t SELECT i FROM n");
    FILE *inherited = fopen(other, "w"); /* without O_CLOEXEC, as many hosts have them */
    assert_non_null(inherited);
    assert_int_equal(sqlite3_prepare_v2(test->db,
                                        "SELECT value FROM parallel_map('t', 'p', 'processes', 2, 100)", -1,
                                        &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    pid_t pids[16];
    int workers = leftovers_find("pricemap-worker", pids, 16);
    assert_within(workers, 1, 16);
    for (int i = 0; i < workers; i++)
        expect_private(pids[i], path);
    int zygotes = leftovers_find("pricemap-zygote", pids, 16);
    for (int i = 0; i < zygotes; i++)
        expect_private(pids[i], path);
    assert_int_equal(leftovers_look().shared_files, test->before.shared_files);
    sqlite3_finalize(statement);
    fclose(inherited);
    sqlite3_free(other);
    sqlite3_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {MAP_TEST(workers_share_nothing_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
