#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/crash_test.h"

void crash_test_prepare(sqlite3 *db, int rows)
{
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL), SQLITE_OK);
    map_test_run(db, "SELECT parallel_map_load(%Q)", CRASH_EXTENSION);
    map_test_run(
        db,
        "CREATE TABLE t(a); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < %d) SELECT i FROM n",
        rows);
    map_test_chunk(db, 10);
}

int crash_test_is(const MapTest *test, const char *name)
{
    return strcmp(test->executor, name) == 0;
}

void crash_test_still_works(sqlite3 *db)
{
    map_test_same(db, "SELECT rowid, a + 1 FROM t", "SELECT key, value FROM parallel_map('t', 'a + 1')");
}

int crash_test_noted(const MapTest *test, const char *name)
{
    int pids[256], count = 0, pid;
    char *path = map_test_path(test, name);
    FILE *file = fopen(path, "re");
    sqlite3_free(path);
    while (file && fscanf(file, "%d %*d", &pid) == 1) {
        int i = 0;
        while (i < count && pids[i] != pid)
            i++;
        if (i == count && count < 256)
            pids[count++] = pid;
    }
    if (file)
        fclose(file);
    return count;
}

int crash_test_notes(const MapTest *test, const char *name)
{
    int count = 0, next;
    char *path = map_test_path(test, name);
    FILE *file = fopen(path, "re");
    sqlite3_free(path);
    while (file && (next = fgetc(file)) != EOF)
        count += next == '\n';
    if (file)
        fclose(file);
    return count;
}

void crash_test_forget(const MapTest *test, const char *name)
{
    char *path = map_test_path(test, name);
    unlink(path);
    sqlite3_free(path);
}

int crash_test_kill(const char *name, int number)
{
    pid_t pids[64];
    int count = leftovers_find(name, pids, 64);
    for (int i = 0; i < count; i++)
        kill(pids[i], number);
    return count;
}

struct Interrupter {
    sqlite3 *db;
    const char *path;
    atomic_bool stop;
    pthread_t thread;
};

static void *interrupt_again_and_again(void *arg)
{
    Interrupter *interrupter = arg;
    do {
        usleep(50000);
        if (!interrupter->path || access(interrupter->path, F_OK) == 0)
            sqlite3_interrupt(interrupter->db);
    } while (!interrupter->stop);
    return NULL;
}

Interrupter *crash_test_interrupt(sqlite3 *db, const char *path)
{
    Interrupter *interrupter = calloc(1, sizeof *interrupter);
    assert_non_null(interrupter);
    interrupter->db = db;
    interrupter->path = path;
    assert_int_equal(pthread_create(&interrupter->thread, NULL, interrupt_again_and_again, interrupter), 0);
    return interrupter;
}

void crash_test_end_interrupt(Interrupter *interrupter)
{
    interrupter->stop = true;
    pthread_join(interrupter->thread, NULL);
    free(interrupter);
}

int crash_test_run_out(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW)
        rc = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return rc;
}
