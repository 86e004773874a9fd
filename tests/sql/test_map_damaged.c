/* Damaged and hostile files: where the plain query gives rows a map gives the same ones or an error, and
 * where it fails a map fails. Never fewer rows in silence, never a host that crashes.
 *
 * Each executor has files of each kind of its own choice; PRICEMAP_FAULTS=all: all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/rows.h"
#include "damaged_file.h"
#include "tests/support/map_test.h"

/* Files of each kind of byte, of either of two layouts: 22 kinds, 616 files. */
enum { FILES_PER_KIND = 14, CHOICES = 7 };

/* The same question, once to SQLite and once to a map over `d`, the attached file. */
typedef struct Question {
    const char *plain, *create, *map;
} Question;

#define MAP "CREATE VIRTUAL TABLE temp.m USING parallel_map("
static const Question questions[] = {
    {"SELECT id, p + 1, b FROM d.t", MAP "source = d.t, map = (id, p + 1 AS q, b))", "SELECT * FROM m"},
    {"SELECT id FROM d.t", MAP "source = d.t, map = (id))", "SELECT * FROM m"},
    {"SELECT increase_price(p) FROM d.t LIMIT 300", MAP "source = d.t, map = (increase_price(p) AS q))",
     "SELECT q FROM m LIMIT 300"},
    {"SELECT p FROM d.t WHERE p % 7 < 3", MAP "source = d.t, map = (p), where = (p % 7 < 3))",
     "SELECT * FROM m"},
    /* A map reads its source and then checks; + has the plain query do the same, and not search for 9000. */
    {"SELECT id, p FROM d.t WHERE +id > 9000 AND p < 1e9",
     MAP "source = d.t, map = (id, p), where = (id > 9000 AND p < 1e9))", "SELECT * FROM m"},
    /* A constant, which is computed once for all ranges. */
    {"SELECT id, p + increase_price(50) FROM d.t",
     MAP "source = d.t, map = (id, p + increase_price(50) AS q))", "SELECT * FROM m"},
    {"SELECT sum(p + increase_price(50)) FROM d.t",
     MAP "source = d.t, partial = 1, map = (sum(p + increase_price(50)) AS s))", "SELECT sum(s) FROM m"},
    {"SELECT sum(p), count(*) FROM d.t", MAP "source = d.t, partial = 1, map = (sum(p) AS s, count(*) AS n))",
     "SELECT sum(s), sum(n) FROM m"},
    {"SELECT p % 5 AS g, count(*) FROM d.t GROUP BY 1 ORDER BY 1",
     MAP "source = d.t, partial = 1, map = (p % 5 AS g, count(*) AS n), group_by = (p % 5))",
     "SELECT g, sum(n) FROM m GROUP BY 1 ORDER BY 1"},
    {"SELECT rowid, p + 1, b FROM d.t ORDER BY rowid DESC",
     MAP "source = d.t, map = (rowid AS r, p + 1 AS q, b))", "SELECT * FROM m ORDER BY r DESC"},
    {"SELECT rowid, p FROM d.t WHERE p % 7 < 3 ORDER BY rowid DESC",
     MAP "source = d.t, map = (rowid AS r, p), where = (p % 7 < 3))", "SELECT * FROM m ORDER BY r DESC"},
    {"SELECT rowid, p + increase_price(50) FROM d.t ORDER BY rowid DESC",
     MAP "source = d.t, map = (rowid AS r, p + increase_price(50) AS q))", "SELECT * FROM m ORDER BY r DESC"},
    {"SELECT rowid, b FROM d.t WHERE rowid < 9000 ORDER BY rowid DESC LIMIT 300",
     MAP "source = d.t, map = (rowid AS r, b))", "SELECT * FROM m WHERE r < 9000 ORDER BY r DESC LIMIT 300"},
    {"SELECT rowid, p * 2 FROM d.t", "SELECT 1", "SELECT key, value FROM parallel_map('d.t', 'p * 2')"},
    {"SELECT count(*), total(p) FROM d.t", MAP "source = d.t, map = (p), ordered = 0)",
     "SELECT count(*), total(p) FROM m"},
    {"SELECT id, b FROM d.t", MAP "source = (SELECT id, b FROM d.t), map = (id, b))", "SELECT * FROM m"},
    {"SELECT k, v || k FROM d.w", MAP "source = d.w, map = (k, v || k AS x))", "SELECT * FROM m"},
    {"SELECT b FROM d.t WHERE b < 'b2' ORDER BY b",
     MAP "source = (SELECT b FROM d.t WHERE b < 'b2' ORDER BY b), map = (b))", "SELECT * FROM m"},
};
/* No walk over a range, but rows that are searched: there is no seam to check. Of a damaged schema SQLite may
 * search them in another way. */
static const Question looked_up = {"SELECT id, p FROM d.t WHERE id IN (7, 700, 2500, 9000)",
                                   MAP "source = d.t, map = (id, p), where = (id IN (7, 700, 2500, 9000)))",
                                   "SELECT * FROM m"};
enum { QUESTIONS = sizeof questions / sizeof *questions };

/* A table with rows that have overflow pages, an index, a table without rowids, and free pages. */
static void make_file(const char *path, const char *page_size, const char *journal, const char *rows,
                      const char *rowid)
{
    sqlite3 *db = sql_test_open_plain(path);
    map_test_run(
        db,
        "PRAGMA page_size = %s; PRAGMA journal_mode = %s; CREATE TABLE t(id INTEGER PRIMARY KEY, p, b TEXT);"
        "CREATE TABLE w(k PRIMARY KEY, v) WITHOUT ROWID; CREATE TABLE gone(x);"
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < %s) INSERT INTO t "
        "SELECT %s, i * 7 %% 1000, CASE i %% 400 WHEN 9 THEN printf('%%.5000c', 'o') ELSE 'b' || i "
        "END FROM n;"
        "CREATE INDEX ti ON t(b) WHERE length(b) < 100; INSERT INTO w SELECT b, p FROM t WHERE "
        "id %% 4 = 0 AND length(b) < 100; INSERT INTO gone SELECT zeroblob(900) FROM t LIMIT 200; "
        "DROP TABLE gone",
        page_size, journal, rows, rowid);
    sql_test_close(&db);
}

static void remove_file(const char *path)
{
    static const char *const endings[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *name = sqlite3_mprintf("%s%s", path, endings[i]);
        unlink(name);
        sqlite3_free(name);
    }
}

/* What differs between the two answers, or NULL. A map may give up where the plain query does not. */
static const char *difference(Rows *plain, Rows *map)
{
    bool failed = map->rc != SQLITE_DONE;
    int row = rows_difference(plain, map, false);
    if (!failed && plain->rc != SQLITE_DONE)
        return "the plain query fails and the map does not";
    if (!failed && row)
        return plain->count == map->count ? "other rows" : "fewer or more rows, and no error";
    /* What was given before an error was right. */
    if (failed && row && row <= plain->count && row <= map->count)
        return "other rows before the error";
    return NULL;
}

static const char *ask(sqlite3 *db, const Question *question, int *failed)
{
    Rows plain = {0}, map = {0};
    const char *found = NULL;
    rows_read(db, question->plain, &plain);
    if (sqlite3_exec(db, question->create, NULL, NULL, NULL) == SQLITE_OK) {
        rows_read(db, question->map, &map);
        found = difference(&plain, &map);
        *failed += map.rc != SQLITE_DONE && plain.rc == SQLITE_DONE;
    }
    sqlite3_exec(db, "DROP TABLE IF EXISTS temp.m", NULL, NULL, NULL);
    rows_free(&plain);
    rows_free(&map);
    return found;
}

typedef struct Outcome {
    int asked, failed, wrong;
} Outcome;

static void ask_all(MapTest *test, const char *path, const char *what, Outcome *outcome)
{
    char *attach = sqlite3_mprintf("ATTACH %Q AS d", path);
    if (sqlite3_exec(test->db, attach, NULL, NULL, NULL) == SQLITE_OK) {
        for (size_t i = 0; i < QUESTIONS; i++) {
            const char *found = ask(test->db, &questions[i], &outcome->failed);
            outcome->asked++;
            if (!found)
                continue;
            outcome->wrong++;
            print_error("%s, %s: %s\n    %s\n    %s\n", what, test->executor, found, questions[i].create,
                        questions[i].map);
        }
        map_test_run(test->db, "DETACH d");
    }
    sqlite3_free(attach);
    remove_file(path);
}

/* Rows of no chunk in common, so that ranges begin and end at many rows of a page. */
static void set_chunk(MapTest *test, unsigned number)
{
    static const int chunks[] = {0, 0, 100, 13, 1500};
    map_test_chunk(test->db, chunks[number % (sizeof chunks / sizeof *chunks)]);
}

/* Whether a test has that file of a kind. The names of executors begin with letters of different remainders.
 */
static bool is_chosen(const MapTest *test, unsigned number)
{
    const char *wanted = getenv("PRICEMAP_FAULTS");
    return (wanted && !strcmp(wanted, "all")) ||
           number % CHOICES == (unsigned char)test->executor[0] % CHOICES;
}

static int64_t runs_by(sqlite3 *db, const char *access)
{
    char *sql = sqlite3_mprintf("SELECT count(*) FROM parallel_map_runs WHERE access = %Q", access);
    int64_t count = sql_test_integer(db, sql);
    sqlite3_free(sql);
    return count;
}

static void damaged_files(MapTest *test, const char *page_size, const char *rows, const char *rowid)
{
    char *good = map_test_path(test, "good.db"), *bad = map_test_path(test, "bad.db");
    DamagedFile file;
    Outcome outcome = {0};
    int64_t files = 0, partitioned = 0, fed = 0;
    make_file(good, page_size, "delete", rows, rowid);
    damaged_file_read(&file, good);
    for (unsigned kind = 0; kind < BYTE_KINDS; kind++)
        for (unsigned number = 0; file.counts[kind] && number < FILES_PER_KIND; number++) {
            if (!is_chosen(test, number))
                continue;
            files++;
            size_t offset = damaged_file_write(&file, bad, (ByteKind)kind, number);
            char *what =
                sqlite3_mprintf("kind %u, file %u, byte %llu", kind, number, (unsigned long long)offset);
            set_chunk(test, number);
            ask_all(test, bad, what, &outcome);
            partitioned += runs_by(test->db, "partition") > 0;
            fed += runs_by(test->db, "feed") > 0;
            sqlite3_free(what);
        }
    for (unsigned kind = 0; kind < BYTE_KINDS; kind++)
        assert_true(file.counts[kind] > 0);
    damaged_file_free(&file);
    assert_int_equal(outcome.wrong, 0);
    /* The files are worth it: most can still be read, and both ways to the rows were taken. */
    assert_true(outcome.asked > QUESTIONS * files / 2);
    assert_true(outcome.failed < outcome.asked / 2);
    assert_true(partitioned > files / BYTE_KINDS && fed > files / BYTE_KINDS);
    sqlite3_free(good);
    sqlite3_free(bad);
}

static void dense_rowids(void **state)
{
    damaged_files(*state, "4096", "12000", "i");
}

/* And a tree of three levels. */
static void sparse_rowids(void **state)
{
    damaged_files(*state, "512", "3000", "i * 5 + i % 3");
}

/* Of every kind that says where a row is. */
static void write_ahead_log(void **state)
{
    static const ByteKind kinds[] = {BYTE_ROWID,        BYTE_CHILD,       BYTE_INTERIOR_KEY,
                                     BYTE_LEAF_POINTER, BYTE_RIGHT_CHILD, BYTE_INTERIOR_POINTER};
    MapTest *test = *state;
    char *good = map_test_path(test, "good.db"), *bad = map_test_path(test, "bad.db");
    DamagedFile file;
    Outcome outcome = {0};
    make_file(good, "512", "wal", "3000", "i * 5 + i % 3");
    damaged_file_read(&file, good);
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        for (unsigned number = 0; number < FILES_PER_KIND; number++) {
            if (!is_chosen(test, number))
                continue;
            damaged_file_write(&file, bad, kinds[kind], number);
            set_chunk(test, number);
            ask_all(test, bad, "a file with a write-ahead log", &outcome);
        }
    damaged_file_free(&file);
    assert_true(runs_by(test->db, "partition") > 0);
    assert_int_equal(outcome.wrong, 0);
    sqlite3_free(good);
    sqlite3_free(bad);
}

/* In a good file every check passes. */
static void good_files(void **state)
{
    static const char *const layouts[][4] = {{"4096", "delete", "12000", "i"},
                                             {"512", "wal", "3000", "i * 5 + i % 3"}};
    MapTest *test = *state;
    char *good = map_test_path(test, "good.db");
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        for (unsigned number = 0; number < 5; number++) {
            Outcome outcome = {0};
            make_file(good, layouts[i][0], layouts[i][1], layouts[i][2], layouts[i][3]);
            set_chunk(test, number);
            map_test_run(test->db, "ATTACH %Q AS d", good);
            assert_null(ask(test->db, &looked_up, &outcome.failed));
            map_test_run(test->db, "DETACH d");
            ask_all(test, good, "a good file", &outcome);
            assert_int_equal(outcome.asked, QUESTIONS);
            assert_int_equal(outcome.failed + outcome.wrong, 0);
        }
    sqlite3_free(good);
}

/* More rows in a range than it has rowids, which a buffer is not made for; and single rows in the wrong
 * order, the table's first and its last one too. */
static void wrong_rowids(void **state)
{
    static const unsigned rowids[][2] = {{1, 127},     {1, 60},      {2, 100},       {2, 0},
                                         {6000, 130},  {6000, 5990}, {6000, 6010},   {6000, 16000},
                                         {11999, 200}, {12000, 200}, {12000, 16383}, {11999, 16000}};
    MapTest *test = *state;
    char *good = map_test_path(test, "good.db"), *bad = map_test_path(test, "bad.db");
    DamagedFile file;
    Outcome outcome = {0};
    make_file(good, "4096", "delete", "12000", "i");
    damaged_file_read(&file, good);
    for (unsigned number = 0; number < 5; number++) {
        assert_true(damaged_file_write_equal_rowids(&file, bad) > 100);
        set_chunk(test, number);
        ask_all(test, bad, "equal rowids", &outcome);
    }
    assert_true(outcome.failed > 0);
    for (unsigned i = 0; i < sizeof rowids / sizeof *rowids; i++) {
        damaged_file_write_rowid(&file, bad, rowids[i][0], rowids[i][1]);
        set_chunk(test, i);
        ask_all(test, bad, "one rowid", &outcome);
    }
    damaged_file_free(&file);
    assert_int_equal(outcome.wrong, 0);
    sqlite3_free(good);
    sqlite3_free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(good_files),      MAP_TEST_EACH(dense_rowids), MAP_TEST_EACH(sparse_rowids),
        MAP_TEST_EACH(write_ahead_log), MAP_TEST_EACH(wrong_rowids),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
