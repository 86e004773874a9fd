/* Constant parts of a map: a worker computes them once for a whole scan, as SQLite does for a statement, and
 * the rows, the errors and the sizes of chunks are as if there were none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/within.h"
#include "tests/support/crash_test.h"

/* The host may help its workers, and `auto` may go from threads to processes. */
enum { ROWS = 2000, MOST_NOTES = 2 * MAP_TEST_WORKERS + 1 };

/* In a map `%s` is the path of the notes, which makes the call an expression without a column. */
static const struct {
    const char *arguments, *rows, *expected;
} forms[] = {
    {"map=(a + constant(5, %Q) AS x)", "sum(x), count(*)", "SELECT sum(a + 5), count(*) FROM t"},
    {"map=(a + constant(5, %Q) AS x), ordered=0", "sum(x), count(*)", "SELECT sum(a + 5), count(*) FROM t"},
    {"map=(CASE WHEN a %% 3 THEN a ELSE a + constant(5, %Q) END AS x)", "sum(x), count(*)",
     "SELECT sum(CASE WHEN a % 3 THEN a ELSE a + 5 END), count(*) FROM t"},
    {"map=(a AS x), where=(a %% 10 < constant(5, %Q))", "sum(x), count(*)",
     "SELECT sum(a), count(*) FROM t WHERE a % 10 < 5"},
    {"partial=1, map=(sum(a + constant(5, %Q)) AS x, count(*) AS n)", "sum(x), sum(n)",
     "SELECT sum(a + 5), count(*) FROM t"},
    {"partial=1, map=(a %% 3 AS k, sum(a + constant(5, %Q)) AS x, count(*) AS n), group_by=(a %% 3), "
     "where=(a > 7)",
     "sum((k + 1) * x), sum(n)", "SELECT sum((a % 3 + 1) * (a + 5)), count(*) FROM t WHERE a > 7"},
};

static void once_per_worker_and_scan(MapTest *test, const char *access)
{
    char *path = map_test_path(test, "notes");
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char *arguments = sqlite3_mprintf(forms[i].arguments, path);
        map_test_run(test->db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source=t, %s)", arguments);
        char *sql = sqlite3_mprintf("SELECT %s FROM m", forms[i].rows);
        /* Each scan computes them anew. */
        for (int scan = 0; scan < 2; scan++) {
            crash_test_forget(test, "notes");
            map_test_same(test->db, forms[i].expected, sql);
            sql_test_expect(test->db,
                            "SELECT access, tasks > 50 FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                            access);
            assert_within(crash_test_notes(test, "notes"), 1, MOST_NOTES);
        }
        map_test_run(test->db, "DROP TABLE m");
        sqlite3_free(sql);
        sqlite3_free(arguments);
    }
    sqlite3_free(path);
}

static void fed(void **state)
{
    MapTest *test = *state;
    crash_test_prepare(test->db, ROWS);
    once_per_worker_and_scan(test, "'feed'|1");
}

static void view(void **state)
{
    MapTest *test = *state;
    crash_test_prepare(test->db, ROWS);
    map_test_run(test->db, "ALTER TABLE t RENAME TO stored; CREATE VIEW t AS SELECT +a AS a FROM stored");
    once_per_worker_and_scan(test, "'feed'|1");
}

static void select_source(void **state)
{
    MapTest *test = *state;
    crash_test_prepare(test->db, ROWS);
    char *path = map_test_path(test, "notes");
    char *map = sqlite3_mprintf("a + constant(5, %Q)", path);
    char *whole =
        sqlite3_mprintf("SELECT sum(value), count(*) FROM parallel_map('SELECT a FROM t', %Q)", map);
    map_test_same(test->db, "SELECT sum(a + 5), count(*) FROM t", whole);
    assert_within(crash_test_notes(test, "notes"), 1, MOST_NOTES);
    sqlite3_free(whole);
    sqlite3_free(map);
    sqlite3_free(path);
}

/* t(a) in a file that workers read themselves. */
static void open_file(MapTest *test, int rows)
{
    char *path = map_test_path(test, "t.db");
    sql_test_close(&test->db);
    test->db = map_test_open(test, path);
    crash_test_prepare(test->db, rows);
    sqlite3_free(path);
}

static void partitioned(void **state)
{
    MapTest *test = *state;
    open_file(test, 20000);
    map_test_chunk(test->db, 100);
    once_per_worker_and_scan(test, "'partition'|1");
}

/* A turn ends early where its output is full, and where rowids are fewer than was thought: the statement goes
   on all the same. */
static void turns_that_end_early(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "notes");
    for (int in_file = 0; in_file < 2; in_file++) {
        if (in_file)
            open_file(test, 100);
        else
            crash_test_prepare(test->db, 100);
        map_test_run(test->db, "INSERT INTO t(rowid, a) VALUES (30000, 101); UPDATE t SET rowid = rowid * 7 "
                               "WHERE rowid BETWEEN 50 AND 100 AND rowid %% 2");
        crash_test_forget(test, "notes");
        map_test_run(test->db,
                     "CREATE VIRTUAL TABLE temp.m USING parallel_map(source=t, map=(a AS a, "
                     "constant(5, %Q) + a AS x, zeroblob(300000) AS z))",
                     path);
        map_test_same(test->db, "SELECT a, a + 5, 300000 FROM t", "SELECT a, x, length(z) FROM m");
        assert_within(crash_test_notes(test, "notes"), 1, MOST_NOTES);
        sql_test_expect(test->db, "SELECT access FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                        in_file ? "'partition'" : "'feed'");
        map_test_run(test->db, "DROP TABLE m");
    }
    sqlite3_free(path);
}

static void expect_error(MapTest *test, const char *map, const char *message)
{
    char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('t', %Q)", map);
    sql_test_expect_error(test->db, sql, SQLITE_ERROR, message);
    sqlite3_free(sql);
}

/* An error names its row, whatever part of the map it is in, and the next map works. */
static void errors(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "notes");
    char *wrong = sqlite3_mprintf("a + constant(NULL, %Q)", path);
    char *later =
        sqlite3_mprintf("CASE a WHEN 777 THEN constant(NULL, %Q) ELSE a + constant(5, %Q) END", path, path);
    char *row =
        sqlite3_mprintf("constant(5, %Q) + CASE a WHEN 777 THEN increase_price('x') ELSE a END", path);
    for (int in_file = 0; in_file < 2; in_file++) {
        if (in_file)
            open_file(test, 20000);
        else
            crash_test_prepare(test->db, ROWS);
        expect_error(test, wrong, "constant: NULL (row 1)");
        expect_error(test, later, "constant: NULL (row 777)");
        expect_error(test, row, "increase_price: price is 'x': expected a number (row 777)");
        /* The rows before it are given. */
        char *sql = sqlite3_mprintf(
            "SELECT sum(value) FROM (SELECT value FROM parallel_map('t', %Q) LIMIT 776)", row);
        sql_test_expect(test->db, sql, "305356");
        sqlite3_free(sql);
        crash_test_still_works(test->db);
    }
    sqlite3_free(row);
    sqlite3_free(later);
    sqlite3_free(wrong);
    sqlite3_free(path);
}

/* Two scans of one map, whose tasks a worker gets alternately. */
static void two_scans_at_a_time(void **state)
{
    MapTest *test = *state;
    crash_test_prepare(test->db, 60);
    char *path = map_test_path(test, "notes");
    map_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source=t, map=(a AS a, a + "
                 "constant(5, %Q) AS x))",
                 path);
    map_test_same(test->db, "SELECT one.a, other.a + 5 FROM t one JOIN t other ON other.a > one.a",
                  "SELECT one.a, other.x FROM m one JOIN m other ON other.a > one.a");
    sqlite3_free(path);
}

/* SQLite computes the constants of a WHERE before it reads a row: where one fails, a map of a source
   without rows fails as the plain SELECT does, in the words of the function alone. */
static void sources_without_rows(void **state)
{
    static const char *const sources[] = {"empty", "seen", "(SELECT a FROM empty)"};
    MapTest *test = *state;
    sqlite3 *db = test->db;
    sql_test_run(db, "CREATE TABLE empty(a); CREATE VIEW seen AS SELECT a + 1 AS a FROM empty");
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        map_test_run(db,
                     "CREATE VIRTUAL TABLE temp.fails USING parallel_map(source = %s, map = (a), where = "
                     "(abs(-9223372036854775807 - 1)));"
                     "CREATE VIRTUAL TABLE temp.passes USING parallel_map(source = %s, map = (a, abs(-1)), "
                     "where = (abs(-1)));"
                     "CREATE VIRTUAL TABLE temp.part USING parallel_map(source = %s, partial = 1, map = "
                     "(count(*), abs(-1)), where = (abs(-1)))",
                     sources[i], sources[i], sources[i]);
        sql_test_expect_error(db, "SELECT * FROM fails", SQLITE_ERROR, "integer overflow");
        sql_test_expect(db, "SELECT count(*) FROM passes", "0");
        sql_test_expect(db, "SELECT count(*) FROM part", "0");
        sql_test_run(db, "DROP TABLE fails; DROP TABLE passes; DROP TABLE part");
    }
}

/* What constants take says nothing about the rows: 20 000 of them are not cut into chunks of one. */
static void sizes_of_chunks(void **state)
{
    MapTest *test = *state;
    map_test_run(test->db,
                 "CREATE TABLE t(a); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT "
                 "i + 1 FROM n WHERE i < 20000) SELECT i FROM n");
    map_test_same(test->db, "SELECT sum(a + 2000000), count(*) FROM t",
                  "SELECT sum(value), count(*) FROM parallel_map('t', 'a + length(hex(zeroblob(1000000)))')");
    sql_test_expect(test->db, "SELECT tasks < 4000 FROM parallel_map_runs ORDER BY run DESC LIMIT 1", "1");
    /* Where a map is over before a row without them was seen, `auto` says so. */
    if (crash_test_is(test, "auto")) {
        map_test_run(test->db, "DELETE FROM t WHERE a > 1");
        map_test_same(test->db, "SELECT a + 2000000 FROM t",
                      "SELECT value FROM parallel_map('t', 'a + length(hex(zeroblob(1000000)))')");
        map_test_same(test->db, "SELECT a + 2000002 FROM t",
                      "SELECT value FROM parallel_map('t', 'a + length(hex(zeroblob(1000001)))')");
        sql_test_expect(test->db,
                        "SELECT reason LIKE 'serial: no work seen so far but the constants of the map%' "
                        "FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                        "1");
    }
}

static int deny_note(void *arg, int action, const char *nothing, const char *name, const char *schema,
                     const char *via)
{
    (void)arg;
    (void)nothing;
    (void)schema;
    (void)via;
    return action == SQLITE_FUNCTION && name && !strcmp(name, "note_process") ? SQLITE_DENY : SQLITE_OK;
}

/* An aggregate has a row where there are no rows, and a condition without columns is computed before any: a
   plan calls neither, and the host's authorizer is called before workers do. */
static void plans_call_nothing(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "notes");
    static const char *const maps[] = {"partial=1, map=(count(*) + note_process(%Q) AS x)",
                                       "partial=1, map=(count(*) AS x), where=(note_process(%Q))",
                                       "map=(a AS x), where=(note_process(%Q))"};
    crash_test_prepare(test->db, ROWS);
    assert_int_equal(sqlite3_load_extension(test->db, CRASH_EXTENSION, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        char *arguments = sqlite3_mprintf(maps[i], path);
        char *create =
            sqlite3_mprintf("CREATE VIRTUAL TABLE temp.m USING parallel_map(source=t, %s)", arguments);
        crash_test_forget(test, "notes");
        sqlite3_set_authorizer(test->db, deny_note, NULL);
        assert_int_not_equal(sqlite3_exec(test->db, create, NULL, NULL, NULL), SQLITE_OK);
        assert_non_null(strstr(sqlite3_errmsg(test->db), "not authorized to use function: note_process"));
        sqlite3_set_authorizer(test->db, NULL, NULL);
        map_test_run(test->db, "%s", create);
        assert_int_equal(crash_test_notes(test, "notes"), 0);
        map_test_run(test->db, "SELECT * FROM m");
        assert_true(crash_test_notes(test, "notes") > 0);
        map_test_run(test->db, "DROP TABLE m");
        sqlite3_free(create);
        sqlite3_free(arguments);
    }
    sqlite3_free(path);
}

static bool noted_by_host(const char *path)
{
    bool found = false;
    int pid;
    FILE *file = fopen(path, "re");
    while (file && fscanf(file, "%d %*d", &pid) == 1)
        found = found || pid == (int)getpid();
    if (file)
        fclose(file);
    return found;
}

/* Before workers read a file the host sees whether they can, and calls no function of the map for that. */
static void hosts_of_processes_call_nothing(void **state)
{
    MapTest *test = *state;
    if (!crash_test_is(test, "processes"))
        skip();
    char *path = map_test_path(test, "notes");
    open_file(test, 20000);
    map_test_chunk(test->db, 1000);
    map_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source=t, partial=1, map=(sum(a) + 0 * "
                 "note_process(%Q) AS x))",
                 path);
    map_test_same(test->db, "SELECT sum(a) FROM t", "SELECT sum(x) FROM m");
    sql_test_expect(test->db, "SELECT access FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                    "'partition'");
    assert_true(crash_test_notes(test, "notes") > 0);
    assert_false(noted_by_host(path));
    sqlite3_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(fed),
        MAP_TEST_EACH(view),
        MAP_TEST_EACH(select_source),
        MAP_TEST_EACH(partitioned),
        MAP_TEST_EACH(turns_that_end_early),
        MAP_TEST_EACH(errors),
        MAP_TEST_EACH(two_scans_at_a_time),
        MAP_TEST_EACH(sizes_of_chunks),
        MAP_TEST_EACH(sources_without_rows),
        MAP_TEST_EACH(plans_call_nothing),
        MAP_TEST_EACH(hosts_of_processes_call_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
