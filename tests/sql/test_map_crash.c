/* Workers that die, exit, stop or hang in the middle of a map, and workers and zygotes that are killed from
 * outside: the rows are those of the plain SELECT or there is an error that names signal and row, and the
 * next map works. Where the map runs in place or in threads the same maps do nothing bad, and give the same
 * rows. Times are bounds against hanging, not measurements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/crash_test.h"

enum { ROWS = 100 };

/* Whether a map of deadly rows met a worker process: always where those were requested, at will where auto
 * chooses, else never. */
static bool ended_in_death(const MapTest *test, int rc)
{
    if (crash_test_is(test, "processes"))
        assert_int_equal(rc, SQLITE_ERROR);
    else if (!crash_test_is(test, "auto") || rc != SQLITE_ERROR)
        assert_int_equal(rc, SQLITE_DONE);
    return rc == SQLITE_ERROR;
}

/* ---- death in the middle of a chunk ---- */

/* The first worker that comes to row 35 dies; its chunk is done by another one. */
static void every_kind_of_death_once(void **state)
{
    MapTest *test = *state;
    static const char *const ways[] = {"'signal', 9", "'signal', 11", "'signal', 6", "'signal', 8",
                                       "'stack', 0",  "'exit', 0",    "'exit', 42"};
    char *once = map_test_path(test, "once");
    crash_test_prepare(test->db, ROWS);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        /* As rows that the host hands out, and as ranges that the workers read. */
        static const char *const sources[] = {"t", "SELECT a FROM t"};
        for (size_t j = 0; j < 2; j++) {
            unlink(once);
            char *sql =
                sqlite3_mprintf("SELECT value FROM parallel_map(%Q, 'iif(a = 35 AND first_time(''%q'')"
                                ", misbehave(a, %q), a)')",
                                sources[j], once, ways[i]);
            assert_int_equal(map_test_same(test->db, "SELECT a FROM t", sql), ROWS);
            sqlite3_free(sql);
            assert_int_equal(access(once, F_OK), 0);
            if (crash_test_is(test, "processes"))
                sql_test_expect(test->db,
                                "SELECT retries, error FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                                "1|NULL");
        }
        crash_test_still_works(test->db);
    }
    unlink(once);
    sqlite3_free(once);
}

/* The same while the workers read the table's file themselves. */
static void death_while_reading(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "data"), *once = map_test_path(test, "once");
    sqlite3 *db = map_test_open(test, path);
    crash_test_prepare(db, ROWS);
    char *sql = sqlite3_mprintf("SELECT key, value FROM parallel_map('t', 'iif(a = 35 AND first_time(''%q''),"
                                " misbehave(a, ''signal'', 11), a)')",
                                once);
    for (int i = 0; i < 3; i++) {
        unlink(once);
        assert_int_equal(map_test_same(db, "SELECT rowid, a FROM t", sql), ROWS);
        crash_test_still_works(db);
    }
    /* And a row that kills every worker. */
    int rc = crash_test_run_out(
        db, "SELECT value FROM parallel_map('t', 'iif(a = 35, misbehave(a, ''signal'', 9), a)')");
    if (ended_in_death(test, rc)) {
        assert_non_null(strstr(sqlite3_errmsg(db), "signal 9 (Killed)"));
        assert_non_null(strstr(sqlite3_errmsg(db), "at row 35"));
    }
    crash_test_still_works(db);
    sqlite3_free(sql);
    sqlite3_free(path);
    sqlite3_free(once);
    sql_test_close(&db);
}

/* A worker that dies, or takes too long, over a range of a large table: the host reads the rest, and the log
   says why. */
static void death_over_a_range(void **state)
{
    MapTest *test = *state;
    static const char *const ways[] = {"'signal', 11", "'hang', 100000"};
    char *path = map_test_path(test, "data"), *once = map_test_path(test, "once");
    sqlite3 *db = map_test_open(test, path);
    crash_test_prepare(db, 20000);
    map_test_run(db, "SELECT parallel_map_config('timeout_seconds', 1)");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('t', 'iif(a = 35 AND first_time(''%q''),"
                                    " misbehave(a, %q), a)')",
                                    once, ways[i]);
        unlink(once);
        assert_int_equal(map_test_same(db, "SELECT a FROM t", sql), 20000);
        if (crash_test_is(test, "processes"))
            sql_test_expect(db, "SELECT reason FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                            "'requested; fed: a worker process ended while it read a range'");
        sqlite3_free(sql);
    }
    sqlite3_free(path);
    sqlite3_free(once);
    sql_test_close(&db);
}

/* What remains when a row kills every worker that it meets: the rows before it, and an error. */
static void check_deadly(MapTest *test, int retries, const char *way, const char *message)
{
    sqlite3_stmt *statement = NULL;
    char *noted = map_test_path(test, "noted");
    unlink(noted);
    map_test_run(test->db, "SELECT parallel_map_config('retries', %d)", retries);
    char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('t', 'iif(note_process(''%q'') AND a = 35,"
                                " misbehave(a, %q), a)')",
                                noted, way);
    assert_int_equal(sqlite3_prepare_v2(test->db, sql, -1, &statement, NULL), SQLITE_OK);
    int rc, rows = 0;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        assert_int_equal(sqlite3_column_int(statement, 0), ++rows);
    if (ended_in_death(test, rc)) {
        if (!MAP_TEST_SANITIZED)
            assert_string_equal(sqlite3_errmsg(test->db), message);
        assert_int_equal(rows, 34);
        assert_true(crash_test_noted(test, "noted") <= MAP_TEST_WORKERS + retries + 2);
    } else {
        assert_int_equal(rows, ROWS);
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    sqlite3_free(noted);
    crash_test_still_works(test->db);
}

static void deadly_row(void **state)
{
    MapTest *test = *state;
    crash_test_prepare(test->db, ROWS);
    check_deadly(test, 2, "'signal', 9",
                 "parallel_map: a worker process was killed by signal 9 (Killed) 3 times at row 35");
    check_deadly(test, 0, "'signal', 9",
                 "parallel_map: a worker process was killed by signal 9 (Killed) at row 35");
    check_deadly(
        test, 5, "'signal', 11",
        "parallel_map: a worker process was killed by signal 11 (Segmentation fault) 6 times at row 35");
    check_deadly(test, 1, "'signal', 6",
                 "parallel_map: a worker process was killed by signal 6 (Aborted) 2 times at row 35");
    check_deadly(
        test, 1, "'signal', 8",
        "parallel_map: a worker process was killed by signal 8 (Floating point exception) 2 times at row 35");
    check_deadly(
        test, 1, "'stack', 0",
        "parallel_map: a worker process was killed by signal 11 (Segmentation fault) 2 times at row 35");
    check_deadly(test, 1, "'exit', 0",
                 "parallel_map: a worker process exited with status 0, 2 times at row 35");
    check_deadly(test, 1, "'exit', 42",
                 "parallel_map: a worker process exited with status 42, 2 times at row 35");
}

/* Every row kills: no storm of forks, however many chunks are in flight. */
static void every_row_deadly(void **state)
{
    MapTest *test = *state;
    char *noted = map_test_path(test, "noted");
    crash_test_prepare(test->db, 1000);
    char *sql = sqlite3_mprintf("SELECT sum(value) FROM parallel_map('t', 'iif(note_process(''%q''), "
                                "misbehave(a, ''signal'', 9), a)')",
                                noted);
    int rc = crash_test_run_out(test->db, sql);
    if (ended_in_death(test, rc)) {
        assert_non_null(strstr(sqlite3_errmsg(test->db), "killed by signal 9 (Killed)"));
        /* Each of the chunks in flight may cost as many as one chunk alone. */
        assert_true(crash_test_noted(test, "noted") <= MAP_TEST_WORKERS * 2 * (2 + 2) + MAP_TEST_WORKERS);
    }
    crash_test_still_works(test->db);
    sqlite3_free(sql);
    sqlite3_free(noted);
}

/* ---- killed from outside ---- */

static void killed_between_maps(void **state)
{
    MapTest *test = *state;
    crash_test_prepare(test->db, ROWS);
    for (int round = 0; round < 8; round++) {
        crash_test_still_works(test->db);
        /* A process that has just been forked has its parent's name for a moment. */
        int count = 0;
        for (int tries = 0; tries < 1000 && !count; tries++) {
            count = crash_test_kill(round % 2 ? "pricemap-zygote" : "pricemap-worker", SIGKILL);
            if (!count && !crash_test_is(test, "processes"))
                break;
            usleep(count ? 0 : 10000);
        }
        assert_true(!crash_test_is(test, "processes") || count);
        /* With and without time for the host's side to have noticed it. */
        if (round % 4 < 2)
            usleep(30000);
        crash_test_still_works(test->db);
        /* Nothing was lost, so there is nothing to report. */
        sql_test_expect(test->db, "SELECT retries, error FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                        "0|NULL");
    }
}

static void killed_during_maps(void **state)
{
    MapTest *test = *state;
    crash_test_prepare(test->db, 400);
    map_test_run(test->db, "SELECT parallel_map_config('retries', 100)");
    for (int round = 0; round < 12; round++) {
        sqlite3_stmt *statement = NULL;
        int rc, rows = 0;
        assert_int_equal(sqlite3_prepare_v2(test->db,
                                            "SELECT value FROM parallel_map('t', "
                                            "'iif(increase_price_crazy(a, 10, 500) > 0, a, 0)')",
                                            -1, &statement, NULL),
                         SQLITE_OK);
        while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
            assert_int_equal(sqlite3_column_int(statement, 0), ++rows);
            if (rows % (50 + 20 * round) == 1 + round)
                crash_test_kill(round % 2 ? "pricemap-zygote" : "pricemap-worker", SIGKILL);
        }
        if (rc != SQLITE_DONE)
            print_error("round %d, row %d: %s\n", round, rows, sqlite3_errmsg(test->db));
        assert_int_equal(rc, SQLITE_DONE);
        assert_int_equal(rows, 400);
        sqlite3_finalize(statement);
    }
    crash_test_still_works(test->db);
}

/* ---- workers that stand still ---- */

static void stopped_with_a_time_limit(void **state)
{
    MapTest *test = *state;
    char *once = map_test_path(test, "once");
    crash_test_prepare(test->db, ROWS);
    map_test_run(test->db, "SELECT parallel_map_config('timeout_seconds', 1)");
    static const char *const ways[] = {"'signal', 19", "'hang', 100000"};
    for (size_t i = 0; i < 2; i++) {
        char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('t', 'iif(a = 35 AND first_time(''%q''),"
                                    " misbehave(a, %q), a)')",
                                    once, ways[i]);
        assert_int_equal(map_test_same(test->db, "SELECT a FROM t", sql), ROWS);
        sqlite3_free(sql);
        unlink(once);
        crash_test_still_works(test->db);
    }
    sqlite3_free(once);
}

/* Without one it is not known that it will not go on; but a host that waits can stop waiting. */
static void stopped_and_interrupted(void **state)
{
    MapTest *test = *state;
    static const char *const ways[] = {"'signal', 19", "'hang', 100000"};
    char *noted = map_test_path(test, "noted");
    crash_test_prepare(test->db, ROWS);
    for (size_t i = 0; i < 2; i++) {
        char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('t', 'iif(a = 35, note_process(''%q'') +"
                                    " misbehave(a, %q), a)')",
                                    noted, ways[i]);
        sqlite3_int64 start = map_test_milliseconds();
        Interrupter *interrupter = crash_test_interrupt(test->db, noted);
        int rc = crash_test_run_out(test->db, sql);
        crash_test_end_interrupt(interrupter);
        assert_true(rc == SQLITE_INTERRUPT || (rc == SQLITE_DONE && !crash_test_is(test, "processes")));
        assert_true(map_test_milliseconds() - start < CRASH_TEST_PROMPT_MS);
        sqlite3_free(sql);
        unlink(noted);
        crash_test_still_works(test->db);
    }
    sqlite3_free(noted);
}

/* Closing does not wait for a worker that is stopped, or for a zygote. */
static void closed_while_they_stand_still(void **state)
{
    MapTest *test = *state;
    static const char *const names[] = {"pricemap-worker", "pricemap-zygote"};
    for (size_t i = 0; i < 2; i++) {
        sqlite3 *db = map_test_open(test, ":memory:");
        crash_test_prepare(db, ROWS);
        crash_test_still_works(db);
        crash_test_kill(names[i], SIGSTOP);
        sqlite3_int64 start = map_test_milliseconds();
        sql_test_close(&db);
        assert_true(map_test_milliseconds() - start < CRASH_TEST_PROMPT_MS);
        leftovers_check(&test->before);
    }
}

/* Out of memory kills anybody, a zygote that has not even answered yet too: another one is started. */
static void killed_while_it_starts(void **state)
{
    const MapTest *test = *state;
    const char *worker = getenv("PRICEMAP_WORKER");
    assert_non_null(worker);
    char *usual = strdup(worker), *mark = map_test_path(test, "killed");
    assert_int_equal(setenv("KILLED_ONCE_BECOMES", usual, 1), 0);
    assert_int_equal(setenv("KILLED_ONCE_MARK", mark, 1), 0);
    sqlite3 *db = map_test_open(test, ":memory:");
    crash_test_prepare(db, ROWS); /* parallel_map_load has had a worker */
    assert_int_equal(setenv("PRICEMAP_WORKER", KILLED_ONCE, 1), 0);
    crash_test_still_works(db);
    assert_int_equal(access(mark, F_OK) == 0, crash_test_is(test, "processes"));
    sql_test_close(&db);
    setenv("PRICEMAP_WORKER", usual, 1);
    free(usual);
    sqlite3_free(mark);
}

/* ---- what a worker reports is not the host's ---- */

/* At some result codes SQLite rolls the host's transaction back, or runs its statement again. A worker's want
   of memory, its interrupt or its lock is an error of the map with its text and row, and no more. */
static void codes_of_workers(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    static const int codes[] = {SQLITE_NOMEM,      SQLITE_FULL,      SQLITE_IOERR,
                                SQLITE_IOERR_READ, SQLITE_INTERRUPT, SQLITE_SCHEMA,
                                SQLITE_BUSY,       SQLITE_LOCKED,    SQLITE_CORRUPT};
    static const char *const statements[] = {
        "SELECT value FROM parallel_map('t', 'iif(a = 35, fail_with(a - 35 + %d), a)')",
        "INSERT INTO kept SELECT value FROM parallel_map('t', 'iif(a = 35, fail_with(a - 35 + %d), a)')"};
    crash_test_prepare(db, ROWS);
    sql_test_run(db, "CREATE TABLE kept(a)");
    for (size_t i = 0; i < 2 * sizeof codes / sizeof *codes; i++) {
        char *sql = sqlite3_mprintf(statements[i % 2], codes[i / 2]);
        sql_test_run(db, "BEGIN; INSERT INTO kept VALUES('before')");
        assert_int_equal(crash_test_run_out(db, sql), SQLITE_ERROR);
        assert_non_null(strstr(sqlite3_errmsg(db), "(row 35)"));
        assert_false(sqlite3_get_autocommit(db));
        sql_test_expect(db, "SELECT a FROM kept WHERE a = 'before'", "'before'");
        sql_test_run(db, "ROLLBACK");
        sql_test_expect(db, "SELECT error LIKE '%(row 35)' FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                        "1");
        sqlite3_free(sql);
    }
    crash_test_still_works(db);
}

/* ---- no memory, and much of it ---- */

/* SQLite's allocations fail in the workers, after every number of bytes. */
static void no_memory_in_workers(void **state)
{
    MapTest *test = *state;
    int failed = 0;
    crash_test_prepare(test->db, ROWS);
    for (int bytes = 1; bytes < 2000000; bytes += bytes < 200 ? 37 : bytes) {
        char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('t', 'iif(a = 35, misbehave(a, ''heap'', "
                                    "%d), length(hex(zeroblob(a * 1000))) || hex(zeroblob(a * 100)))')",
                                    bytes);
        sql_test_run(test->db, "BEGIN; CREATE TABLE kept(a)");
        int rc = crash_test_run_out(test->db, sql);
        if (rc != SQLITE_DONE) {
            assert_int_equal(rc, SQLITE_ERROR);
            assert_non_null(strstr(sqlite3_errmsg(test->db), "out of memory"));
        }
        sql_test_run(test->db, "DROP TABLE kept; COMMIT"); /* of a transaction that still stands */
        failed += rc != SQLITE_DONE;
        sqlite3_free(sql);
        /* The limit is the process's own, and stays. */
        crash_test_kill("pricemap-zygote", SIGKILL);
        for (int tries = 0; crash_test_kill("pricemap-worker", 0) && tries < CRASH_TEST_PROMPT_MS; tries++)
            usleep(1000);
        crash_test_still_works(test->db);
    }
    assert_true(failed || !crash_test_is(test, "processes"));
}

/* 100 MB from each worker at once, and once more from one of them. */
static void large_values_at_once(void **state)
{
    MapTest *test = *state;
    int bytes = MAP_TEST_SANITIZED ? 20000000 : 100000000;
    crash_test_prepare(test->db, MAP_TEST_WORKERS + 1);
    map_test_chunk(test->db, 1);
    char *expected = sqlite3_mprintf(
        "SELECT length(x), x = zeroblob(%d + a) FROM (SELECT a, zeroblob(%d + a) AS x FROM t)", bytes, bytes);
    char *sql = sqlite3_mprintf(
        "SELECT length(value), value = zeroblob(%d + key) FROM parallel_map('t', 'zeroblob(%d + a)')", bytes,
        bytes);
    map_test_same(test->db, expected, sql);
    sqlite3_free(expected);
    sqlite3_free(sql);
    crash_test_still_works(test->db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(every_kind_of_death_once),
        MAP_TEST_EACH(death_while_reading),
        MAP_TEST_EACH(death_over_a_range),
        MAP_TEST_EACH(deadly_row),
        MAP_TEST_EACH(every_row_deadly),
        MAP_TEST_EACH(killed_between_maps),
        MAP_TEST_EACH(killed_during_maps),
        MAP_TEST_EACH(killed_while_it_starts),
        MAP_TEST_EACH(stopped_with_a_time_limit),
        MAP_TEST_EACH(stopped_and_interrupted),
        MAP_TEST_EACH(closed_while_they_stand_still),
        MAP_TEST_EACH(codes_of_workers),
        MAP_TEST_EACH(no_memory_in_workers),
        MAP_TEST_EACH(large_values_at_once),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
