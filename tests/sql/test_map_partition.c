/* Partition access: workers read ranges of a table from its file themselves, where that is the host's view,
 * and the rows are the same as when they are fed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/map_test.h"

/* Rows of the tables here: enough that the planner does not call them small. */
#define ROWS "20000"

/* A file database with table t(id, a, b) in the test's folder, opened as the test's connection. */
static char *open_file(MapTest *test, const char *journal)
{
    char *path = map_test_path(test, "t.db");
    sql_test_close(&test->db);
    test->db = map_test_open(test, path);
    map_test_run(test->db, "PRAGMA journal_mode = %s", journal);
    map_test_run(test->db,
                 "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b TEXT COLLATE NOCASE);"
                 "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < " ROWS ")"
                 "INSERT INTO t SELECT i, i * 7 %% 1000, printf('B%%d', i %% 5) FROM n");
    return path;
}

static void expect_access(sqlite3 *db, const char *access)
{
    char *expected = sqlite3_mprintf("%Q", access);
    sql_test_expect(db, "SELECT access FROM parallel_map_runs ORDER BY run DESC LIMIT 1", expected);
    sqlite3_free(expected);
}

static void expect_fed_because(sqlite3 *db, const char *why)
{
    char *sql =
        sqlite3_mprintf("SELECT access, reason LIKE '%%; fed: %q' FROM parallel_map_runs ORDER BY run DESC "
                        "LIMIT 1",
                        why);
    sql_test_expect(db, sql, "'feed'|1");
    sqlite3_free(sql);
}

static void same_lists(MapTest *test)
{
    static const char *const lists[] = {"id, a + 1 AS x", "rowid, b = 'b3' AS x, upper(b), a",
                                        "increase_price(a)", "*"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        map_test_list(test, "t", lists[i]);
        expect_access(test->db, "partition");
    }
    map_test_value(test, "main.t", "rowid", "a * 2 || b");
}

static void rollback_journal(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    same_lists(test);
    expect_access(test->db, "partition");
    map_test_chunk(test->db, 777);
    same_lists(test);
    sqlite3_free(path);
}

static void write_ahead_log(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "wal");
    /* Not in turn with a plain SELECT: that one's view would be older than the map's. */
    sql_test_run(
        test->db,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, a + 1 AS x, upper(b) AS y));"
        "CREATE TEMP TABLE copy AS SELECT * FROM m");
    expect_access(test->db, "feed"); /* CREATE TABLE writes */
    sql_test_run(test->db, "DROP TABLE copy");
    char *rows = sql_test_rows(test->db, "SELECT sum(id), total(x), group_concat(y, '') FROM m");
    expect_access(test->db, "partition");
    sql_test_expect(test->db, "SELECT sum(id), total(a + 1), group_concat(upper(b), '') FROM t", rows);
    sqlite3_free(rows);
    sql_test_run(test->db, "DROP TABLE m");
    map_test_value(test, "main.t", "rowid", "a * 2 || b");
    /* The function is a table of main, so the host's view of main begins before the map does. */
    expect_fed_because(test->db, "WAL, and the host's view, which began earlier, may not be the newest");
    sqlite3_free(path);
}

static void sparse_and_skewed_rowids(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sql_test_run(test->db, "UPDATE t SET id = -id * 1000003 WHERE id % 3 = 0");
    sql_test_run(test->db, "UPDATE t SET id = id + 4000000000000 WHERE id % 3 = 1");
    sql_test_run(test->db,
                 "INSERT INTO t VALUES(-9223372036854775808, 1, 'x'), (9223372036854775807, 2, 'y')");
    same_lists(test);
    expect_access(test->db, "partition");
    map_test_run(
        test->db,
        "CREATE VIRTUAL TABLE temp.p USING parallel_map(source = t, partial = 1, map = (sum(a) AS s, "
        "count(*) AS n))");
    sql_test_expect(
        test->db, "SELECT sum(s) = (SELECT sum(a) FROM t), sum(n) = (SELECT count(*) FROM t) FROM p", "1|1");
    expect_access(test->db, "partition");
    sql_test_run(test->db, "DROP TABLE p");
    sqlite3_free(path);
}

static void where_groups_and_order(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sql_test_run(
        test->db,
        "CREATE VIRTUAL TABLE temp.w USING parallel_map(source = t, where = (a % 10 = 3 AND b <> 'B1'), "
        "map = (id, a, b));"
        "CREATE VIRTUAL TABLE temp.g USING parallel_map(source = t, partial = 1, group_by = (b), "
        "where = (a > 20), map = (b, sum(a) AS s, count(*) AS n));"
        "CREATE VIRTUAL TABLE temp.u USING parallel_map(source = t, ordered = 0, map = (id, a + 1 AS x))");
    map_test_same(test->db, "SELECT id, a, b FROM t WHERE a % 10 = 3 AND b <> 'B1'", "SELECT * FROM w");
    expect_access(test->db, "partition");
    sql_test_expect(test->db, "SELECT rows_in FROM parallel_map_runs ORDER BY run DESC LIMIT 1", ROWS);
    map_test_same(test->db, "SELECT b, sum(a), count(*) FROM t WHERE a > 20 GROUP BY b ORDER BY b",
                  "SELECT b, sum(s), sum(n) FROM g GROUP BY b ORDER BY b");
    expect_access(test->db, "partition");
    map_test_same(test->db, "SELECT id, a + 1 FROM t ORDER BY id", "SELECT id, x FROM u ORDER BY id");
    expect_access(test->db, "partition");
    sql_test_run(test->db, "DROP TABLE w; DROP TABLE g; DROP TABLE u");
    sqlite3_free(path);
}

static void what_is_fed(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sqlite3 *db = test->db;
    sql_test_run(db, "CREATE VIEW v AS SELECT * FROM t; CREATE TABLE w(a PRIMARY KEY, b) WITHOUT ROWID;"
                     "INSERT INTO w SELECT id, a FROM t; CREATE TEMP TABLE tt AS SELECT * FROM t;"
                     "CREATE TABLE small(a); INSERT INTO small VALUES(1); CREATE TABLE e(a)");
    static const struct {
        const char *source, *map, *why;
    } cases[] = {
        {"v", "a", "the source is no plain walk over a rowid table"},
        {"w", "a", "the source is no plain walk over a rowid table"},
        {"(SELECT a FROM t)", "a", "the source is no plain walk over a rowid table"},
        {"t", "(SELECT 1)", "the source is no plain walk over a rowid table"},
        {"tt", "a", "the source is in no file"},
        {"small", "a", "the table is small"},
        {"e", "a", "the table is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        map_test_list(test, cases[i].source, cases[i].map);
        expect_fed_because(db, cases[i].why);
    }
    sql_test_run(db, "CREATE INDEX i ON t(a)");
    map_test_list(test, "t", "a + 1");
    expect_fed_because(db, "the source is no plain walk over a rowid table");
    sql_test_run(db, "DROP INDEX i; BEGIN; UPDATE t SET a = -a WHERE id = 5");
    map_test_list(test, "t", "id, a");
    expect_fed_because(db, "the host has changes of its own pending");
    sql_test_run(db, "ROLLBACK; ATTACH ':memory:' AS m; CREATE TABLE m.t2 AS SELECT * FROM t");
    map_test_list(test, "m.t2", "a");
    expect_fed_because(db, "the source is in no file");
    sqlite3_free(path);
}

static void attached_file(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sqlite3 *db = map_test_open(test, ":memory:");
    map_test_run(db, "ATTACH %Q AS other", path);
    map_test_same(db, "SELECT id, a + 1 FROM other.t",
                  "SELECT key, value FROM parallel_map('other.t', 'a + 1')");
    expect_access(db, "partition");
    sql_test_close(&db);
    sqlite3_free(path);
}

static void failing_row_is_named(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sql_test_run(test->db,
                 "DELETE FROM t WHERE id < 100; UPDATE t SET a = 'no price' WHERE id IN (15099, 18000)");
    sql_test_expect_error(test->db, "SELECT count(value) FROM parallel_map('t', 'increase_price(a)')",
                          SQLITE_ERROR, "increase_price: price is 'no price': expected a number (row 15000)");
    sql_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.p USING parallel_map(source = t, partial = 1, where = (id > 99), "
                 "map = (sum(increase_price(a)) AS s))");
    sql_test_expect_error(test->db, "SELECT sum(s) FROM p", SQLITE_ERROR,
                          "increase_price: price is 'no price': expected a number (row 15000)");
    sql_test_run(test->db, "DROP TABLE p");
    sqlite3_free(path);
}

/* A host that writes, and commits, between two rows of a map: nothing of ours may lock it out. */
static void host_commits_in_mid_scan(void **state)
{
    MapTest *test = *state;
    static const char *const journals[] = {"delete", "wal"};
    for (size_t i = 0; i < 2; i++) {
        char *path = open_file(test, journals[i]);
        sqlite3_stmt *rows;
        sql_test_run(test->db,
                     "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, a + 1 AS x))");
        assert_int_equal(sqlite3_prepare_v2(test->db, "SELECT id, x FROM m", -1, &rows, NULL), SQLITE_OK);
        int64_t count = 0, last = 0;
        while (sqlite3_step(rows) == SQLITE_ROW) {
            assert_true(sqlite3_column_int64(rows, 0) > last);
            last = sqlite3_column_int64(rows, 0);
            if (++count % 4000 == 0)
                map_test_run(test->db, "UPDATE t SET b = 'new' WHERE id = %lld", (long long)last);
        }
        assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
        assert_int_equal(count, 20000);
        sql_test_run(test->db, "DROP TABLE m; DROP TABLE t");
        sql_test_close(&test->db);
        unlink(path);
        sqlite3_free(path);
        test->db = map_test_open(test, ":memory:");
    }
}

/* Descriptors by which a process has the file or its log open. */
static int open_in_process(pid_t pid, const char *path)
{
    char folder[32];
    snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pid);
    DIR *entries = opendir(folder);
    int count = 0;
    for (const struct dirent *entry; entries && (entry = readdir(entries));) {
        char target[512];
        ssize_t length = readlinkat(dirfd(entries), entry->d_name, target, sizeof target - 1);
        if (length < 0)
            continue;
        target[length] = 0;
        count += !strncmp(target, path, strlen(path));
    }
    if (entries)
        closedir(entries);
    return count;
}

/* The same for all worker processes. Within this one SQLite keeps a descriptor while the host has a lock. */
static int open_in_workers(const char *path)
{
    pid_t workers[64];
    int found = leftovers_find("pricemap-worker", workers, 64);
    int count = 0;
    for (int i = 0; i < found; i++)
        count += open_in_process(workers[i], path);
    return count;
}

static int interrupt_once(void *left)
{
    return --*(int *)left == 0;
}

/* However a map ends, no worker has the file open or locked when the statement is over: another connection
   empties the log and takes the write lock at once, and the host may change the journal mode. */
static void nothing_is_locked_afterwards(void **state)
{
    MapTest *test = *state;
    sqlite3 *other;
    char *path = open_file(test, "wal");
    sql_test_run(test->db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (a));"
                           "CREATE VIRTUAL TABLE temp.f USING parallel_map(source = t, map = "
                           "(increase_price(iif(id < 15000, a, 'x')) AS v));"
                           "CREATE VIRTUAL TABLE temp.l USING parallel_map(source = t, map = "
                           "(increase_price_crazy(a, 10, 1000000) AS v))");
    for (int turn = 0; turn < 40; turn++) {
        int left = 3000;
        if (turn % 4 == 0)
            sql_test_run(test->db, "SELECT sum(a) FROM m");
        else if (turn % 4 == 1)
            sql_test_run(test->db, "SELECT a FROM m LIMIT 1");
        else if (turn % 4 == 2)
            assert_int_equal(sqlite3_exec(test->db, "SELECT sum(v) FROM f", NULL, NULL, NULL), SQLITE_ERROR);
        else {
            sqlite3_progress_handler(test->db, 1, interrupt_once, &left);
            assert_int_equal(sqlite3_exec(test->db, "SELECT sum(v) FROM l", NULL, NULL, NULL),
                             SQLITE_INTERRUPT);
            sqlite3_progress_handler(test->db, 0, NULL, NULL);
        }
        if (turn % 4 == 3)
            continue; /* an interrupt waits for no worker: the next turn's end does */
        assert_int_equal(open_in_workers(path), 0);
        other = sql_test_open_plain(path);
        sql_test_run(other, "INSERT INTO t(a) VALUES(1); BEGIN EXCLUSIVE; COMMIT");
        sql_test_expect(other, "PRAGMA wal_checkpoint(TRUNCATE)", "0|0|0");
        sql_test_close(&other);
        if (turn % 8 == 0) {
            sql_test_expect(test->db, "PRAGMA journal_mode = delete", "'delete'");
            sql_test_expect(test->db, "PRAGMA journal_mode = wal", "'wal'");
        }
    }
    expect_access(test->db, "partition");
    sql_test_run(test->db, "DROP TABLE m; DROP TABLE f; DROP TABLE l");
    sqlite3_free(path);
}

/* Worker processes that stand still when the statement ends are killed, so that they let go of the file. */
static void stopped_workers_let_go(void **state)
{
    MapTest *test = *state;
    pid_t workers[64];
    char *path = open_file(test, "wal");
    sql_test_run(test->db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (a))");
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(test->db, "SELECT a FROM m", -1, &statement, NULL), SQLITE_OK);
    /* After the last row all tasks are done, and the statement is not yet. */
    for (int row = 0; row < atoi(ROWS); row++)
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int found = leftovers_find("pricemap-worker", workers, 64);
    for (int i = 0; i < found; i++)
        kill(workers[i], SIGSTOP);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    assert_int_equal(open_in_workers(path), 0);
    sqlite3_finalize(statement);
    sql_test_expect(test->db, "PRAGMA journal_mode = delete", "'delete'");
    sql_test_expect(test->db, "SELECT count(a) FROM m", ROWS);
    sql_test_run(test->db, "DROP TABLE m");
    sqlite3_free(path);
}

/* An index that serves `where` would give the rows in its own order, and a turn that ends early would lose
 * some. */
static void index_that_serves_where(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sql_test_run(test->db,
                 "CREATE INDEX i ON t(b); CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, where = "
                 "(b IN ('b3', 'b1')), map = (id, printf('%200d', a) AS x))");
    map_test_same(test->db, "SELECT id, printf('%200d', a) FROM t WHERE b IN ('b3', 'b1') ORDER BY id",
                  "SELECT * FROM m");
    expect_access(test->db, "partition");
    sql_test_run(test->db, "DROP TABLE m");
    sqlite3_free(path);
}

/* More columns than a small buffer holds at the size of a chunk. */
static void wide_map(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    map_test_list(
        test, "t",
        "id, a, a+1, a+2, a+3, a+4, a+5, a+6, a+7, a+8, a+9, a+10, a+11, a+12, a+13, a+14, b, b, b");
    expect_access(test->db, "partition");
    sqlite3_free(path);
}

static void another_process_changes_the_journal_mode(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sql_test_run(
        test->db,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (a)); SELECT sum(a) FROM m");
    sqlite3 *other = sql_test_open_plain(path);
    sql_test_run(other, "PRAGMA journal_mode = wal; UPDATE t SET a = 1");
    sql_test_expect(test->db, "SELECT sum(a) FROM m", "20000");
    expect_fed_because(test->db, "the file has changed its journal mode");
    sql_test_close(&other);
    sql_test_run(test->db, "DROP TABLE m");
    sqlite3_free(path);
}

static void file_that_was_moved(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    char *aside = map_test_path(test, "aside.db");
    sql_test_run(test->db, "UPDATE t SET a = 1");
    assert_int_equal(rename(path, aside), 0);
    sqlite3 *other = sql_test_open_plain(path);
    sql_test_run(
        other, "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES(1, 5, 5), (90000, 5, 5)");
    sql_test_close(&other);
    sql_test_run(test->db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (a))");
    sql_test_expect(test->db, "SELECT sum(a) FROM m", "20000");
    expect_fed_because(test->db, "the file is no longer at its path");
    sql_test_run(test->db, "DROP TABLE m");
    sqlite3_free(aside);
    sqlite3_free(path);
}

static int ignore_column_a(void *arg, int action, const char *table, const char *column, const char *schema,
                           const char *trigger)
{
    (void)arg;
    (void)schema;
    (void)trigger;
    return action == SQLITE_READ && !strcmp(table, "t") && !strcmp(column, "a") ? SQLITE_IGNORE : SQLITE_OK;
}

/* Has the pragma ignored that `arg` names. */
static int ignore_pragma(void *arg, int action, const char *first, const char *second, const char *schema,
                         const char *via)
{
    (void)second;
    (void)schema;
    (void)via;
    return action == SQLITE_PRAGMA && strcmp(first, arg) == 0 ? SQLITE_IGNORE : SQLITE_OK;
}

/* An authorizer can have a question ignored: then there is no answer, which is not the same as "no". */
static void ignored_pragmas(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "wal");
    sqlite3 *db = test->db;
    char mode[] = "journal_mode", functions[] = "function_list", reverse[] = "reverse_unordered_selects";
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, a + 1 AS x));"
                     "CREATE VIRTUAL TABLE temp.n USING parallel_map(source = t, map = (id, a + 2 AS x))");
    /* The file itself has other rows than the log. */
    sql_test_run(db, "PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET a = a + 1");
    sqlite3_set_authorizer(db, ignore_pragma, mode);
    sql_test_expect(db, "SELECT count(*), sum(x) FROM m", ROWS "|10030000");
    expect_fed_because(db, "the host's authorizer hides the journal mode");
    sqlite3_set_authorizer(db, ignore_pragma, functions);
    sql_test_expect_error(db, "SELECT value FROM parallel_map('t', 'upper(b)')", SQLITE_AUTH,
                          "parallel_map: map: cannot see whether upper() is the host's own: PRAGMA "
                          "function_list: not authorized");
    sqlite3_set_authorizer(db, NULL, NULL);
    sql_test_run(db, "PRAGMA journal_mode = delete; PRAGMA reverse_unordered_selects = 1");
    sqlite3_set_authorizer(db, ignore_pragma, reverse);
    map_test_same(db, "SELECT id, a + 2 FROM t", "SELECT * FROM n");
    sqlite3_set_authorizer(db, NULL, NULL);
    sqlite3_free(path);
}

/* A column that the host's authorizer turns into NULL stays NULL. */
static void ignored_column(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sqlite3_set_authorizer(test->db, ignore_column_a, NULL);
    sql_test_expect(test->db, "SELECT count(*), count(value) FROM parallel_map('t', 'a')", "20000|0");
    sqlite3_set_authorizer(test->db, NULL, NULL);
    sqlite3_free(path);
}

static void few_rows_far_apart(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sql_test_run(test->db, "DELETE FROM t; INSERT INTO t VALUES(1, 1, 1), (1152921504606846976, 2, 2)");
    map_test_chunk(test->db, 1000);
    map_test_list(test, "t", "id, a");
    expect_access(test->db, "partition");
    sqlite3_free(path);
}

/* More groups than the rows that a chunk should have: a range of few rowids cannot be cut further. */
static void groups_in_few_rowids(void **state)
{
    MapTest *test = *state;
    char *path = open_file(test, "delete");
    sql_test_run(test->db, "DELETE FROM t; INSERT INTO t(id, a) VALUES(-1, 1), (0, 2), (1, 3), (20000, 4)");
    map_test_chunk(test->db, 1);
    sql_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.part USING parallel_map(source = t, map = (a AS g, count(*) AS "
                 "n), partial = 1, group_by = (a))");
    sql_test_expect(test->db, "SELECT g, sum(n) FROM part GROUP BY g ORDER BY g", "1|1\n2|1\n3|1\n4|1");
    expect_access(test->db, "partition");
    sqlite3_free(path);
}

/* A column that is in the map but not read does not keep SQLite from walking an index, here as little as
 * there. */
static void order_of_an_index(void **state)
{
    MapTest *test = *state;
    sql_test_run(
        test->db,
        "CREATE TABLE o(id INTEGER PRIMARY KEY, a INT, b INT); CREATE INDEX oa ON o(a DESC);"
        "INSERT INTO o VALUES(1, 5, 1), (2, 9, 2), (3, 1, 3), (4, 7, 4);"
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = o, map = (id * 2 AS e, ~b AS f, a))");
    map_test_same(test->db, "SELECT e FROM (SELECT id * 2 AS e, ~b AS f, a FROM o)", "SELECT e FROM m");
    map_test_same(test->db, "SELECT * FROM (SELECT id * 2 AS e, ~b AS f, a FROM o)", "SELECT * FROM m");
}

typedef struct Mover {
    const char *path;
    useconds_t pause;
    atomic_bool stop;
    atomic_int moves;
} Mover;

/* Moves amounts between rows for as long as it may; the sum stays. */
static void *move_amounts(void *arg)
{
    Mover *mover = arg;
    sqlite3 *db;
    if (sqlite3_open(mover->path, &db) != SQLITE_OK)
        return NULL;
    sqlite3_busy_timeout(db, 10000);
    sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    for (unsigned i = 1; !atomic_load(&mover->stop); i++) {
        char *sql = sqlite3_mprintf(
            "BEGIN IMMEDIATE; UPDATE t SET a = a - 1 WHERE id = %u; UPDATE t SET a = a + 1 WHERE "
            "id = %u; COMMIT",
            i * 7919 % 20000 + 1, i * 104729 % 20000 + 1);
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
            atomic_fetch_add(&mover->moves, 1);
        else
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        sqlite3_free(sql);
        usleep(mover->pause);
    }
    sqlite3_close(db);
    return NULL;
}

static void one_snapshot_under_a_writer(void **state)
{
    MapTest *test = *state;
    static const char *const journals[] = {"wal", "delete"};
    for (size_t i = 0; i < 2; i++) {
        char *path = open_file(test, journals[i]);
        sqlite3_busy_timeout(test->db, 20000);
        int64_t sum = sql_test_integer(test->db, "SELECT sum(a) FROM t");
        sql_test_run(
            test->db,
            "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (a));"
            "CREATE VIRTUAL TABLE temp.p USING parallel_map(source = t, partial = 1, map = (sum(a) AS s))");
        /* With a rollback journal readers and the writer wait for each other: leave gaps. */
        Mover mover = {.path = path, .pause = i ? 20000 : 500};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, move_amounts, &mover), 0);
        while (!atomic_load(&mover.moves))
            usleep(1000);
        int wrong = 0;
        for (int turn = 0; turn < (i || MAP_TEST_SANITIZED ? 10 : 100); turn++) {
            wrong += sql_test_integer(test->db, "SELECT sum(a) FROM m") != sum;
            wrong += sql_test_integer(test->db, "SELECT sum(s) FROM p") != sum;
            wrong += sql_test_integer(test->db, "SELECT sum(value) FROM parallel_map('t', 'a')") != sum;
        }
        atomic_store(&mover.stop, true);
        pthread_join(thread, NULL);
        assert_int_equal(wrong, 0);
        sql_test_run(test->db, "DROP TABLE m; DROP TABLE p");
        sql_test_close(&test->db);
        unlink(path);
        sqlite3_free(path);
        test->db = map_test_open(test, ":memory:");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(rollback_journal),
        MAP_TEST_EACH(write_ahead_log),
        MAP_TEST_EACH(sparse_and_skewed_rowids),
        MAP_TEST_EACH(where_groups_and_order),
        MAP_TEST(what_is_fed),
        MAP_TEST_EACH(attached_file),
        MAP_TEST_EACH(failing_row_is_named),
        MAP_TEST_EACH(host_commits_in_mid_scan),
        MAP_TEST_EACH(nothing_is_locked_afterwards),
        MAP_TEST_WITH(stopped_workers_let_go, "processes"),
        MAP_TEST_EACH(index_that_serves_where),
        MAP_TEST_EACH(wide_map),
        MAP_TEST_EACH(another_process_changes_the_journal_mode),
        MAP_TEST_EACH(file_that_was_moved),
        MAP_TEST_EACH(ignored_column),
        MAP_TEST_EACH(ignored_pragmas),
        MAP_TEST_EACH(few_rows_far_apart),
        MAP_TEST_EACH(groups_in_few_rowids),
        MAP_TEST_EACH(order_of_an_index),
        MAP_TEST_EACH(one_snapshot_under_a_writer),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
