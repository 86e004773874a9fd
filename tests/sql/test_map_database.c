/* parallel_map and the rest of the database: every kind of source, the host's own uncommitted changes,
 * statements that write what they map, schemas that change in between, other connections that commit
 * meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return statement;
}

static const char numbers[] =
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 100) ";

/* A connection to a new file of the test, in one journal mode, in place of the one in memory. */
static void use_file(MapTest *test, const char *name, const char *journal)
{
    char *path = map_test_path(test, name);
    sql_test_close(&test->db);
    test->db = map_test_open(test, path);
    sqlite3_free(path);
    map_test_run(test->db, "PRAGMA journal_mode = %s; PRAGMA synchronous = off", journal);
}

static void kinds_of_sources(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    use_file(test, "main.db", "DELETE");
    db = test->db;
    char *other = map_test_path(test, "other.db");
    map_test_run(db, "ATTACH %Q AS other; ATTACH ':memory:' AS \"in memory\"", other);
    sqlite3_free(other);
    map_test_run(
        db, "CREATE TABLE t(a, b TEXT COLLATE NOCASE); INSERT INTO t %s SELECT i, char(64 + i %% 50) FROM n",
        numbers);
    map_test_run(
        db, "CREATE TABLE sparse(id INTEGER PRIMARY KEY, a);"
            "INSERT INTO sparse VALUES (-9223372036854775808, 1), (-5, 2), (0, 3), (7, 4), (1000000007, 5),"
            " (9223372036854775807, 6)");
    sql_test_run(
        db, "CREATE TABLE keyed(k TEXT PRIMARY KEY, a) WITHOUT ROWID;"
            "INSERT INTO keyed VALUES ('z', 1), ('a', 2), ('m', 3);"
            "CREATE TABLE other.t2 AS SELECT a * 2 AS a FROM t;"
            "CREATE TABLE \"in memory\".t3 AS SELECT a * 3 AS a FROM t;"
            "CREATE TEMP TABLE t4 AS SELECT a * 4 AS a FROM t;"
            "CREATE TEMP TABLE t2 AS SELECT a * 22 AS a FROM t;" /* hides other.t2 */
            "CREATE VIEW v AS SELECT a + 1 AS a, b FROM t WHERE a > 10;"
            "CREATE TEMP VIEW tv AS SELECT t.a, t2.a AS a2 FROM t JOIN other.t2 ON t2.a = t.a;"
            "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f SELECT 'word ' || a FROM t;"
            "CREATE VIRTUAL TABLE rt USING rtree(id, x, y); INSERT INTO rt SELECT a, a, a + 1 FROM t;"
            "CREATE TABLE gen(a INT, g AS (a * 2), s AS (a * 3) STORED); INSERT INTO gen SELECT a FROM t;"
            "CREATE TABLE strict_one(a INTEGER, b ANY) STRICT; INSERT INTO strict_one SELECT a, a FROM t;"
            "CREATE TABLE partitioned(a); CREATE INDEX i ON partitioned(a);"
            "INSERT INTO partitioned SELECT -a FROM t;");
    static const char *const tables[][2] = {
        {"t", "rowid"},
        {"main.t", "rowid"},
        {"sparse", "id"},
        {"keyed", NULL},
        {"other.t2", "rowid"},
        {"t2", "rowid"},
        {"temp.t2", "rowid"},
        {"\"in memory\".t3", "rowid"},
        {"[in memory].\"t3\"", "rowid"},
        {"t4", "rowid"},
        {"v", NULL},
        {"tv", NULL},
        {"f", "rowid"},
        {"rt", "rowid"},
        {"gen", "rowid"},
        {"strict_one", "rowid"},
        {"partitioned", "rowid"},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const char *table = tables[i][0];
        map_test_value(test, table, tables[i][1], strcmp(table, "rt") ? "a || 'x'" : "x || 'x'");
        map_test_list(test, table, "*");
    }
    map_test_value(test, "sparse", "rowid", "rowid - 1");
    map_test_list(test, "gen", "g + s, a");
    static const char *const queries[] = {
        "(SELECT a FROM t ORDER BY b, a DESC)",
        "(SELECT a FROM t WHERE a % 7 = 0 LIMIT 5 OFFSET 2)",
        "(WITH c AS (SELECT a FROM t UNION ALL SELECT a FROM other.t2) SELECT a FROM c ORDER BY a)",
        "(WITH RECURSIVE c(a) AS (VALUES(1) UNION ALL SELECT a + 1 FROM c WHERE a < 50) SELECT a FROM c)",
        "(SELECT x.a FROM t AS x LEFT JOIN keyed ON keyed.a = x.a ORDER BY keyed.k)",
        "(SELECT sum(a) AS a FROM t GROUP BY b)",
        "(SELECT lag(a) OVER (ORDER BY a DESC) AS a FROM t)",
        "(SELECT value AS a FROM json_each('[1,2,null,\"x\"]'))",
        "(SELECT a FROM f WHERE f MATCH '\"word 5\" OR \"word 7\"')",
        "(SELECT rowid AS a FROM rt WHERE x BETWEEN 5 AND 9)",
        "(SELECT name AS a FROM pragma_table_info('t'))",
        "(SELECT 1 AS a)",
        "(VALUES (1), (2))",
    };
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        map_test_value(test, queries[i], NULL, strncmp(queries[i], "(VALUES", 7) ? "a" : "column1");
}

/* The host's changes that are not committed yet are seen, and undone ones are not. */
static void own_changes(void **state)
{
    MapTest *test = *state;
    static const char *const journals[] = {"DELETE", "WAL"};
    for (int i = 0; i < 2; i++) {
        use_file(test, journals[i], journals[i]);
        sqlite3 *db = test->db;
        map_test_run(db, "CREATE TABLE t(a); INSERT INTO t %s SELECT i FROM n", numbers);
        sql_test_run(db, "BEGIN; UPDATE t SET a = a + 1000; INSERT INTO t VALUES (5)");
        map_test_value(test, "t", "rowid", "a");
        sql_test_run(db, "SAVEPOINT s; DELETE FROM t WHERE a < 1010");
        map_test_value(test, "t", "rowid", "a");
        sql_test_run(db, "ROLLBACK TO s");
        map_test_value(test, "t", "rowid", "a");
        sql_test_run(db, "ALTER TABLE t ADD COLUMN b DEFAULT 7");
        map_test_list(test, "t", "a, b");
        sql_test_run(db, "ROLLBACK");
        map_test_value(test, "t", "rowid", "a");
        sql_test_expect_error(db, "SELECT * FROM parallel_map('t', 'b')", SQLITE_ERROR,
                              "parallel_map: map: no such column: b: the source has a");
    }
}

static void writing_what_is_mapped(void **state)
{
    MapTest *test = *state;
    static const char *const journals[] = {"DELETE", "WAL"};
    for (int i = 0; i < 2; i++) {
        use_file(test, journals[i], journals[i]);
        sqlite3 *db = test->db;
        map_test_run(db,
                     "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t %s SELECT i, i FROM n;"
                     "CREATE TABLE oracle AS SELECT * FROM t",
                     numbers);
        map_test_chunk(db, 3);
        sql_test_run(db, "INSERT INTO t(a) SELECT value FROM parallel_map('t', 'a + 1000')");
        sql_test_run(db, "INSERT INTO oracle SELECT (SELECT max(id) FROM oracle) + id, a + 1000 FROM oracle");
        map_test_same(db, "SELECT * FROM oracle", "SELECT * FROM t");
        sql_test_run(db, "CREATE TABLE copy AS SELECT key, value AS a FROM parallel_map('t', 'a * 2')");
        map_test_same(db, "SELECT id, a * 2 FROM t", "SELECT * FROM copy");
        sql_test_run(db, "UPDATE t SET a = m.value FROM parallel_map('t', 'a * 10') AS m WHERE m.key = t.id");
        map_test_same(db, "SELECT id, a * 10 FROM oracle", "SELECT * FROM t");
        sql_test_run(
            db, "DELETE FROM t WHERE a IN (SELECT value FROM parallel_map('t', 'iif(a % 20 = 0, a, NULL)'))");
        map_test_same(db, "SELECT id, a * 10 FROM oracle WHERE a % 2", "SELECT * FROM t");
        /* The order of the source's own ORDER BY is kept. */
        sql_test_run(
            db, "CREATE TABLE sorted(k INTEGER PRIMARY KEY, v); INSERT INTO sorted SELECT key, value FROM"
                " parallel_map('SELECT a FROM t ORDER BY a % 7, a DESC', 'a')");
        map_test_same(db, "SELECT row_number() OVER (ORDER BY a % 7, a DESC), a FROM t ORDER BY 1",
                      "SELECT * FROM sorted");
        sql_test_run(db, "BEGIN; INSERT INTO t(a) SELECT value FROM parallel_map('t', 'a'); COMMIT");
        sql_test_run(
            db, "INSERT OR REPLACE INTO t SELECT key, value + 1 FROM parallel_map('t', 'a') RETURNING a");
        sql_test_run(db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, a * 2 AS b));"
                         "INSERT INTO t(a) SELECT b FROM m");
        sql_test_run(db, "PRAGMA wal_checkpoint(TRUNCATE); VACUUM");
        sql_test_expect(db, "PRAGMA integrity_check", "'ok'");
        sql_test_run(db, "DROP TABLE temp.m");
    }
}

static void schema_changes(void **state)
{
    MapTest *test = *state;
    use_file(test, "main.db", "DELETE");
    sqlite3 *db = test->db;
    map_test_run(db, "CREATE TABLE t(a, b); INSERT INTO t %s SELECT i, -i FROM n", numbers);
    sqlite3_stmt *value = prepare(db, "SELECT value FROM parallel_map('t', 'a')");
    sqlite3_stmt *key = prepare(db, "SELECT key FROM parallel_map('t', 'b')");
    sqlite3_stmt *list;
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (*))");
    list = prepare(db, "SELECT * FROM m");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sqlite3_step(value), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(value, 0), 1);
        sqlite3_reset(value);
        assert_int_equal(sqlite3_step(list), SQLITE_ROW);
        sqlite3_reset(list);
    }
    /* By this connection, with columns in another order and of another affinity. */
    sql_test_run(
        db,
        "DROP TABLE t; CREATE TABLE t(x TEXT, b TEXT, a TEXT); INSERT INTO t VALUES (1, 2, 3), (4, 5, 6)");
    assert_int_equal(sqlite3_step(value), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(value, 0), "3");
    assert_int_equal(sqlite3_column_type(value, 0), SQLITE_TEXT);
    sqlite3_reset(value);
    map_test_list(test, "t", "a = 3, typeof(a), b < 10");
    assert_int_equal(sqlite3_step(list), SQLITE_ERROR);
    assert_string_equal(sqlite3_errmsg(db),
                        "parallel_map: the source has changed, and the map has other columns than this "
                        "table: drop it and create it again");
    sqlite3_reset(list);
    sql_test_run(db, "DROP TABLE t; CREATE TABLE t(a, b); INSERT INTO t VALUES (7, 8)");
    assert_int_equal(sqlite3_step(list), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(list, 1), 8);
    sqlite3_finalize(list);
    /* By another connection. */
    char *path = map_test_path(test, "main.db");
    sqlite3 *other = sql_test_open_plain(path);
    sqlite3_free(path);
    sql_test_run(other, "ALTER TABLE t RENAME COLUMN a TO z; ALTER TABLE t ADD COLUMN a DEFAULT 'new'");
    assert_int_equal(sqlite3_step(value), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(value, 0), "new");
    sqlite3_reset(value);
    sql_test_run(other, "DROP TABLE t");
    assert_int_equal(sqlite3_step(value), SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(db), "no such table: t"));
    sqlite3_reset(value);
    sql_test_run(
        other,
        "CREATE TABLE t(id TEXT PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO t VALUES ('x', 1), ('a', 2)");
    assert_int_equal(sqlite3_step(key), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(key, 0), 1);
    sqlite3_reset(key);
    sql_test_run(other, "CREATE INDEX i ON t(b DESC)");
    map_test_value(test, "t", NULL, "b");
    sqlite3_finalize(key);
    sqlite3_finalize(value);
    sql_test_close(&other);
}

/* In the middle of a scan the source can grow and change, but not go away under it. */
static void schema_changes_in_the_middle(void **state)
{
    MapTest *test = *state;
    use_file(test, "main.db", "DELETE");
    sqlite3 *db = test->db;
    map_test_run(db, "CREATE TABLE t(a); INSERT INTO t %s SELECT x.i FROM n AS x, n AS y", numbers);
    map_test_chunk(db, 1);
    sqlite3_stmt *statement = prepare(db, "SELECT value FROM parallel_map('t', 'a')");
    sqlite3_stmt *plain = prepare(db, "SELECT a FROM t");
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_step(plain), SQLITE_ROW);
    assert_int_equal(sqlite3_exec(db, "DROP TABLE t", NULL, NULL, NULL), SQLITE_LOCKED);
    sql_test_run(db, "ALTER TABLE t ADD COLUMN b");
    for (int i = 1; i < 10000; i++) {
        assert_int_equal(sqlite3_step(plain), SQLITE_ROW);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(statement, 0), sqlite3_column_int(plain, 0));
    }
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
    sqlite3_finalize(plain);
    map_test_list(test, "t", "a, b");
    sql_test_run(db, "DROP TABLE t");
}

/* ROLLBACK under a scan ends it as it ends the plain SELECT, or lets it go on: never stale or foreign rows.
 */
static void rollback_in_the_middle(void **state)
{
    MapTest *test = *state;
    use_file(test, "main.db", "DELETE");
    sqlite3 *db = test->db;
    map_test_run(
        db, "CREATE TABLE t(a); INSERT INTO t %s SELECT i FROM n; BEGIN; CREATE TABLE u AS SELECT * FROM t",
        numbers);
    map_test_chunk(db, 1);
    sqlite3_stmt *statement = prepare(db, "SELECT value FROM parallel_map('t', 'a')");
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    sql_test_run(db, "ROLLBACK");
    int rc, rows = 1;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        assert_int_equal(sqlite3_column_int(statement, 0), ++rows);
    assert_true(rc == SQLITE_DONE ? rows == 100 : (rc & 0xff) == SQLITE_ABORT);
    sqlite3_finalize(statement);
    map_test_value(test, "t", "rowid", "a");
}

static void locked_file(void **state)
{
    MapTest *test = *state;
    use_file(test, "main.db", "DELETE");
    map_test_run(test->db, "CREATE TABLE t(a); INSERT INTO t %s SELECT i FROM n", numbers);
    char *path = map_test_path(test, "main.db");
    sqlite3 *other = sql_test_open_plain(path);
    sqlite3_free(path);
    sql_test_run(other, "BEGIN EXCLUSIVE");
    sqlite3_busy_timeout(test->db, 50);
    int rc = sqlite3_exec(test->db, "SELECT * FROM parallel_map('t', 'a')", NULL, NULL, NULL);
    assert_int_equal(rc, SQLITE_BUSY);
    assert_non_null(strstr(sqlite3_errmsg(test->db), "database is locked"));
    sql_test_run(other, "ROLLBACK");
    map_test_value(test, "t", "rowid", "a");
    sql_test_close(&other);
}

typedef struct Mover {
    char *path;
    atomic_bool stop;
    atomic_int moved;
} Mover;

/* Moves amounts between rows, in as many transactions as it can. */
static void *move_amounts(void *arg)
{
    Mover *mover = arg;
    sqlite3 *db;
    if (sqlite3_open(mover->path, &db) == SQLITE_OK) {
        sqlite3_busy_timeout(db, 10000);
        sqlite3_exec(db, "PRAGMA synchronous = off", NULL, NULL, NULL);
        while (!mover->stop) {
            if (sqlite3_exec(db,
                             "BEGIN IMMEDIATE; UPDATE t SET a = a - 5 WHERE rowid = abs(random() % 100) + 1;"
                             "UPDATE t SET a = a + 5 WHERE rowid = abs(random() % 100) + 1; COMMIT",
                             NULL, NULL, NULL) == SQLITE_OK)
                mover->moved++;
            else
                sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            usleep(500);
        }
    }
    sqlite3_close(db);
    return NULL;
}

static void snapshots(MapTest *test, const char *journal)
{
    Mover mover = {0};
    pthread_t thread;
    use_file(test, journal, journal);
    mover.path = map_test_path(test, journal);
    sqlite3_busy_timeout(test->db, 10000);
    map_test_run(test->db, "CREATE TABLE t(a); INSERT INTO t %s SELECT 1000 FROM n", numbers);
    assert_int_equal(pthread_create(&thread, NULL, move_amounts, &mover), 0);
    while (!mover.moved)
        usleep(1000);
    int wrong = 0;
    /* No assertion fails while the other thread runs. */
    for (int i = 0; i < (MAP_TEST_SANITIZED ? 50 : 300); i++) {
        sqlite3_stmt *statement =
            prepare(test->db, "SELECT sum(value), count(*) FROM parallel_map('t', 'a', NULL, NULL, 9)");
        if (sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0) != 100000 ||
            sqlite3_column_int(statement, 1) != 100)
            wrong++;
        sqlite3_finalize(statement);
    }
    mover.stop = true;
    pthread_join(thread, NULL);
    sqlite3_free(mover.path);
    assert_int_equal(wrong, 0);
    map_test_value(test, "t", "rowid", "a");
}

static void snapshot_under_a_writer(void **state)
{
    snapshots(*state, "WAL");
    snapshots(*state, "DELETE");
}

/* A worker that reads a file may be given a task of another map before the scan of the file ends: the end
   waits for the worker all the same. No worker can be taken out of a row of the other map, which takes some
   tenths of a second. */
static void file_is_closed_beside_another_map(void **state)
{
    MapTest *test = *state;
    sqlite3_stmt *reader, *slow;
    use_file(test, "beside", "wal");
    sql_test_run(test->db, "CREATE TABLE t(a); INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                           "SELECT i + 1 FROM n LIMIT 50000) SELECT i FROM n");
    map_test_chunk(test->db, 1000);
    /* A table of temp: a map in the schema of the file would begin the host's view of the file too early. */
    sql_test_run(test->db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source=main.t, map=(a + 1))");
    assert_int_equal(sqlite3_prepare_v2(test->db, "SELECT * FROM temp.m", -1, &reader, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(reader), SQLITE_ROW);
    map_test_chunk(test->db, 1);
    assert_int_equal(
        sqlite3_prepare_v2(test->db,
                           "SELECT value FROM parallel_map('SELECT column1 AS a FROM (VALUES (1), (2), (3), "
                           "(4))', 'iif(a > 1, instr(zeroblob(8000000 + a), CAST(zeroblob(4000) || ''x'' AS "
                           "BLOB)), a)')",
                           -1, &slow, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(slow), SQLITE_ROW);
    usleep(100000); /* the workers are likely to be in the next rows; either way is right */
    assert_int_equal(sqlite3_finalize(reader), SQLITE_OK);
    assert_int_equal(sqlite3_finalize(slow), SQLITE_OK);
    sql_test_expect(test->db, "PRAGMA journal_mode = delete", "'delete'");
    sql_test_expect(test->db, "SELECT access FROM parallel_map_runs ORDER BY run LIMIT 1", "'partition'");
}

static void read_only_hosts(void **state)
{
    MapTest *test = *state;
    use_file(test, "main.db", "DELETE");
    map_test_run(test->db, "CREATE TABLE t(a); INSERT INTO t %s SELECT i FROM n; PRAGMA query_only = 1",
                 numbers);
    map_test_value(test, "t", "rowid", "a + 1");
    sql_test_run(test->db,
                 "PRAGMA query_only = 0; PRAGMA locking_mode = EXCLUSIVE; INSERT INTO t VALUES (1)");
    map_test_value(test, "t", "rowid", "a + 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(kinds_of_sources),
        MAP_TEST_EACH(own_changes),
        MAP_TEST_EACH(writing_what_is_mapped),
        MAP_TEST_EACH(schema_changes),
        MAP_TEST_EACH(schema_changes_in_the_middle),
        MAP_TEST_EACH(rollback_in_the_middle),
        MAP_TEST_EACH(locked_file),
        MAP_TEST_EACH(snapshot_under_a_writer),
        MAP_TEST_EACH(file_is_closed_beside_another_map),
        MAP_TEST_EACH(read_only_hosts),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
