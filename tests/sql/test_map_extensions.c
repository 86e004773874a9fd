/* What functions of extensions do beside computing: they read tables on their connection, or would change
 * some, and give their values subtypes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

/* The extension is in the host, as it is in workers. */
static void load_everywhere(sqlite3 *db)
{
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL), SQLITE_OK);
    assert_int_equal(sqlite3_load_extension(db, READING_EXTENSION, NULL, NULL), SQLITE_OK);
    sql_test_run(db, "SELECT parallel_map_load('" READING_EXTENSION "')");
}

/* rates(id, rate), and the tables large and small with the columns id and p. */
static void make_tables(sqlite3 *db)
{
    sql_test_run(
        db, "CREATE TABLE rates(id INTEGER PRIMARY KEY, rate); INSERT INTO rates VALUES (0, 1.5), (1, 'x'),"
            " (2, NULL), (3, 7);"
            "CREATE TABLE large(id INTEGER PRIMARY KEY, p);"
            "INSERT INTO large WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
            "12000) SELECT i, i % 5 FROM n;"
            "CREATE TABLE small AS SELECT * FROM large WHERE id <= 60");
}

/* The map is refused, and says which functions can be meant and what stands against it here. */
static void expect_refused(sqlite3 *db, const char *sql, const char *function, const char *why)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    char *expected = sqlite3_mprintf("parallel_map: map: a function in it (%s) %s", function, why);
    if (rc != SQLITE_ERROR || strncmp(sqlite3_errmsg(db), expected, strlen(expected)) != 0)
        fail_msg("%s: %d, %s", sql, rc, sqlite3_errmsg(db));
    sqlite3_free(expected);
}

#define READS                                                                                                \
    "reads tables on its connection, and workers have none but those of a file that they read themselves "   \
    "(here: "

static void functions_that_read_tables(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "rates.db");
    sqlite3_close(test->db);
    sqlite3 *db = test->db = map_test_open(test, path);
    make_tables(db);
    load_everywhere(db);
    static const char *const tables[] = {"large", "small"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        map_test_value(test, tables[i], "rowid", "look_up(p)");
        map_test_value(test, tables[i], "rowid", "look_up(3) + p");
        map_test_value(test, tables[i], "rowid", "rate_columns() || p");
        map_test_list(test, tables[i], "id, look_up(p), typeof(look_up(p))");
        map_test_run(
            db,
            "CREATE VIRTUAL TABLE temp.w USING parallel_map(source = %s, map = (id), where = (look_up(p) = "
            "1.5)); CREATE VIRTUAL TABLE temp.g USING parallel_map(source = %s, partial = 1, map = "
            "(count(look_up(p)) AS n, sum(look_up(p)) AS s)); CREATE VIRTUAL TABLE temp.c USING "
            "parallel_map(source = %s, partial = 1, map = (count(*) AS n, look_up(3) AS r))",
            tables[i], tables[i], tables[i]);
        char *plain = sqlite3_mprintf("SELECT id FROM %s WHERE look_up(p) = 1.5", tables[i]);
        map_test_same(db, plain, "SELECT id FROM w");
        sqlite3_free(plain);
        plain = sqlite3_mprintf("SELECT count(look_up(p)), sum(look_up(p)) FROM %s", tables[i]);
        map_test_same(db, plain, "SELECT sum(n), sum(s) FROM g");
        sqlite3_free(plain);
        plain = sqlite3_mprintf("SELECT count(*), look_up(3), look_up(3) FROM %s", tables[i]);
        map_test_same(db, plain, "SELECT sum(n), min(r), max(r) FROM c");
        sqlite3_free(plain);
        sql_test_run(db, "DROP TABLE w; DROP TABLE g; DROP TABLE c");
    }
    /* The map's own text names no table, whatever functions it calls. */
    assert_int_equal(
        sqlite3_exec(db, "SELECT * FROM parallel_map('large', 'look_up(p) + (SELECT rate FROM rates)')", NULL,
                     NULL, NULL),
        SQLITE_ERROR);
    sqlite3_free(path);
}

/* A range that takes long is given up and comes back in parts. A function whose statement is stopped then
   gives NULL, which must not be counted; nor may it be a row of a task whose time is over. */
static void functions_that_take_long(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "rates.db");
    sqlite3_close(test->db);
    sqlite3 *db = test->db = map_test_open(test, path);
    make_tables(db);
    load_everywhere(db);
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.g USING parallel_map(source = small, partial = 1, map = "
                     "(count(count_to(id + 20000)) AS n, sum(count_to(id + 20000)) AS s));"
                     "CREATE VIRTUAL TABLE temp.w USING parallel_map(source = small, map = (count(*) AS n), "
                     "partial = 1, where = (count_to(id + 20000) IS NULL))");
    map_test_same(db, "SELECT count(*), sum(id + 20000) FROM small", "SELECT sum(n), sum(s) FROM g");
    map_test_same(db, "SELECT 0", "SELECT sum(n) FROM w");
    sql_test_run(db,
                 "SELECT parallel_map_config('timeout_seconds', 0.01), parallel_map_config('retries', 0)");
    int64_t wrong = 0;
    sqlite3_stmt *map = NULL;
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT value IS NULL FROM parallel_map('small', 'count_to(200000)')",
                                        -1, &map, NULL),
                     SQLITE_OK);
    int rc;
    while ((rc = sqlite3_step(map)) == SQLITE_ROW)
        wrong += sqlite3_column_int64(map, 0);
    sqlite3_finalize(map);
    assert_int_equal(rc, SQLITE_ERROR);
    assert_int_equal(wrong, 0);
    sqlite3_free(path);
}

/* Called for the first time when rows of the map were given out already: then the next run finds the tables.
 */
static void functions_that_read_tables_late(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "rates.db");
    sqlite3_close(test->db);
    sqlite3 *db = test->db = map_test_open(test, path);
    make_tables(db);
    load_everywhere(db);
    sqlite3_exec(db,
                 "SELECT value FROM parallel_map('small', 'CASE WHEN id > 40 THEN look_up(p) ELSE p END')",
                 NULL, NULL, NULL);
    map_test_value(test, "small", "rowid", "CASE WHEN id > 40 THEN look_up(p) ELSE p END");
    sqlite3_free(path);
}

static void functions_that_would_find_other_tables(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "rates.db");
    static const char map[] = "SELECT * FROM parallel_map('large', 'look_up(p)')";
    /* In memory. */
    make_tables(test->db);
    load_everywhere(test->db);
    expect_refused(test->db, map, "look_up()", READS "the source is in no file)");
    sqlite3 *db = map_test_open(test, path);
    make_tables(db);
    load_everywhere(db);
    sql_test_run(db, "CREATE VIEW v AS SELECT * FROM large");
    expect_refused(db, "SELECT * FROM parallel_map('SELECT * FROM small', 'look_up(p)')", "look_up()",
                   READS "the source is no plain walk over a rowid table)");
    expect_refused(db, "SELECT * FROM parallel_map('v', 'rate_columns()')", "rate_columns()",
                   READS "the source is no plain walk over a rowid table)");
    sql_test_run(db, "BEGIN; UPDATE rates SET rate = 8");
    expect_refused(db, map, "look_up()", READS "the host has changes of its own pending)");
    expect_refused(
        db,
        "CREATE VIRTUAL TABLE temp.g USING parallel_map(source = large, map = (look_up(p)), where = "
        "(look_up(p) = 8)); SELECT * FROM g",
        "look_up()", READS "the host has changes of its own pending)");
    sql_test_run(db, "ROLLBACK");
    map_test_same(db, "SELECT id, look_up(p) FROM large",
                  "SELECT key, value FROM parallel_map('large', 'look_up(p)')");
    /* Where a function would find a temporary table, or one that is attached. */
    static const char others[] = READS "other databases, temporary tables or modules are there as well)";
    sql_test_run(db,
                 "CREATE VIRTUAL TABLE temp.beside_map USING parallel_query(SELECT max(p) AS m FROM large)");
    map_test_same(db, "SELECT id, look_up(p) FROM large",
                  "SELECT key, value FROM parallel_map('large', 'look_up(p)')");
    sql_test_run(db, "DROP TABLE beside_map");
    sql_test_run(db, "CREATE TEMP TABLE other(x)");
    expect_refused(db, map, "look_up()", others);
    sql_test_run(db, "DROP TABLE temp.other; ATTACH ':memory:' AS beside");
    expect_refused(db, map, "look_up()", others);
    sql_test_run(db, "DETACH beside; CREATE VIRTUAL TABLE temp.beside USING fts5(a, 'using parallel_map')");
    expect_refused(db, map, "look_up()", others);
    sql_test_run(db, "DROP TABLE beside; CREATE VIRTUAL TABLE temp.rates USING parallel_map(source = large, "
                     "map = (id, p AS rate))");
    expect_refused(db, map, "look_up()", others);
    sql_test_run(db, "DROP TABLE temp.rates; PRAGMA case_sensitive_like = 1; CREATE VIRTUAL TABLE "
                     "temp.\"a using b\" USING [Parallel_Map](source = large, map = (look_up(p) AS r))");
    map_test_same(db, "SELECT look_up(p) FROM large", "SELECT r FROM \"a using b\"");
    map_test_same(db, "SELECT id, look_up(p) FROM large",
                  "SELECT key, value FROM parallel_map('large', 'look_up(p)')");
    /* What workers have not, and the map's own connection has, is refused, and no NULL. */
    static const char *const own[] = {"SELECT r FROM \"a using b\" LIMIT 1",
                                      "SELECT count(*) FROM temp.[A Using B]",
                                      "SELECT value FROM parallel_map('rates', 'id')",
                                      "SELECT count(*) FROM parallel_map_runs",
                                      "SELECT count(*) FROM sqlite_temp_master",
                                      "SELECT rate, (SELECT max(r) FROM \"a using b\") FROM rates",
                                      "PRAGMA table_info(\"a using b\")"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        char *call = sqlite3_mprintf("evaluate(%Q)", own[i]);
        char *sql = sqlite3_mprintf("SELECT * FROM parallel_map('large', %Q)", call);
        expect_refused(db, sql, "evaluate()", others);
        sqlite3_free(sql);
        sqlite3_free(call);
    }
    /* A table that is nowhere is for the function to report, there as here; and a table of main is found. */
    map_test_same(db, "SELECT id, evaluate('SELECT 1 FROM nowhere') FROM large",
                  "SELECT key, value FROM parallel_map('large', 'evaluate(''SELECT 1 FROM nowhere'')')");
    map_test_same(db, "SELECT id, evaluate('SELECT value FROM json_each(''[3]'')') FROM large",
                  "SELECT key, value FROM parallel_map('large', 'evaluate(''SELECT value FROM "
                  "json_each(''''[3]'''')'')')");
    sql_test_close(&db);
    sqlite3_free(path);
}

static void triple(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    sqlite3_result_int64(context, 3 * (argc ? sqlite3_value_int64(argv[0]) : 1));
}

static int backwards(void *arg, int a_size, const void *a, int b_size, const void *b)
{
    (void)arg;
    int order = memcmp(a, b, (size_t)(a_size < b_size ? a_size : b_size));
    return order ? -order : b_size - a_size;
}

/* The value of a statement that each row of the map runs, which the worker can run as the host does. */
static void expect_evaluated(sqlite3 *db, const char *statement)
{
    char *plain = sqlite3_mprintf("SELECT id, evaluate(%Q) FROM large", statement);
    char *call = sqlite3_mprintf("evaluate(%Q)", statement);
    char *map = sqlite3_mprintf("SELECT key, value FROM parallel_map('large', %Q)", call);
    map_test_same(db, plain, map);
    sqlite3_free(map);
    sqlite3_free(call);
    sqlite3_free(plain);
}

/* … which has something that the worker has not, or that is another one there. */
static void expect_lacking(sqlite3 *db, const char *statement, const char *lacking)
{
    char *call = sqlite3_mprintf("evaluate(%Q)", statement);
    char *map = sqlite3_mprintf("SELECT key, value FROM parallel_map('large', %Q)", call);
    char *why =
        sqlite3_mprintf("runs a statement with %s, which on this connection is another than in workers, "
                        "or which workers have not: put that into an extension",
                        lacking);
    expect_refused(db, map, "evaluate()", why);
    sqlite3_free(why);
    sqlite3_free(map);
    sqlite3_free(call);
}

/* A function or a collation that only the host has is for its statements alone: no NULL in workers, and not
   what SQLite has under the same name. */
static void functions_that_call_functions_of_the_host(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "rates.db");
    sqlite3 *db = map_test_open(test, path);
    make_tables(db);
    load_everywhere(db);
    expect_evaluated(db, "SELECT triple(rate) FROM rates");
    expect_evaluated(db, "SELECT upper(substr('xyz', 2)) || increase_price(100) || tag_of(1) || max(1, 2)");
    static const struct {
        const char *name;
        int arguments, encoding;
    } functions[] = {
        {"triple", 1, SQLITE_UTF8},  {"Thrice", -1, SQLITE_UTF16},   {"rank of \"it\"", 0, SQLITE_UTF8},
        {"lower", 1, SQLITE_UTF8},   {"replace", -1, SQLITE_UTF8},   {"tag_of", 2, SQLITE_UTF8},
        {"substr", 4, SQLITE_UTF16}, {"look_up", 1, SQLITE_UTF16LE}, {"total", 1, SQLITE_UTF8}};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        assert_int_equal(sqlite3_create_function(db, functions[i].name, functions[i].arguments,
                                                 functions[i].encoding, NULL, triple, NULL, NULL),
                         SQLITE_OK);
    sqlite3_create_collation(db, "backwards", SQLITE_UTF8, NULL, backwards);
    static const struct {
        const char *statement, *lacking;
    } lacking[] = {{"SELECT triple(rate) FROM rates", "triple()"},
                   {"SELECT TRIPLE(4)", "triple()"},
                   {"SELECT thrice()", "thrice()"},
                   {"SELECT thrice(1, 2, 3)", "thrice()"},
                   {"SELECT max(\"rank of \"\"it\"\"\"()) FROM rates", "rank of \"it\"()"},
                   {"SELECT lower('ABC')", "lower()"},
                   {"SELECT replace('abc', 'b', 'c')", "replace()"},
                   {"SELECT replace(1)", "replace()"},
                   {"SELECT substr(1, 2, 3, 4)", "substr()"},
                   {"SELECT total(rate) FROM rates", "total()"},
                   {"SELECT rate FROM rates ORDER BY rate COLLATE backwards", "the collation backwards"},
                   {"SELECT 'a' < 'b' COLLATE Backwards", "the collation Backwards"}};
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++)
        expect_lacking(db, lacking[i].statement, lacking[i].lacking);
    /* What is the same in both goes on, and so does what fails in both. */
    expect_evaluated(db, "SELECT upper('xyz') || count(*) || max(rate) FROM rates");
    expect_evaluated(db, "SELECT upper(1, 2, 3)");
    expect_evaluated(db, "SELECT nothing_of_the_kind(1)");
    map_test_same(db, "SELECT id, evaluate('SELECT 5') + p FROM large",
                  "SELECT key, value FROM parallel_map('large', 'evaluate(''SELECT 5'') + p')");
    sql_test_close(&db);
    sqlite3_free(path);
}

/* LIKE compares in such a statement as it does in the host, whether the map's own text has LIKE or not. */
static void functions_that_compare_with_like(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "rates.db");
    static const char *const settings[] = {"PRAGMA case_sensitive_like = 1",
                                           "PRAGMA case_sensitive_like = 0"};
    sqlite3 *db = map_test_open(test, path);
    make_tables(db);
    load_everywhere(db);
    expect_evaluated(db, "SELECT count(*) FROM rates WHERE rate LIKE 'X'");
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        sql_test_run(db, settings[i]);
        expect_evaluated(db, "SELECT count(*) FROM rates WHERE rate LIKE 'X'");
        expect_evaluated(db, "SELECT like('X', 'x')");
    }
    assert_int_equal(sqlite3_create_function(db, "like", 2, SQLITE_UTF8, NULL, triple, NULL, NULL),
                     SQLITE_OK);
    expect_lacking(db, "SELECT count(*) FROM rates WHERE rate LIKE 'X'", "like()");
    sql_test_close(&db);
    sqlite3_free(path);
}

static void functions_that_would_change_something(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "rates.db");
    sqlite3 *db = map_test_open(test, path);
    make_tables(db);
    load_everywhere(db);
    static const char why[] = "would change something on its connection, and a map only computes";
    expect_refused(db, "SELECT * FROM parallel_map('large', 'note(p)')", "note()", why);
    expect_refused(db, "SELECT * FROM parallel_map('SELECT p FROM small', 'note(p)')", "note()", why);
    /* Functions that a map may not call, a statement of its functions may not call either. */
    static const char *const calls[] = {"writefile(p)", "changes()", "load_extension(1)",
                                        "pricemap_output(1)", "(SELECT WriteFile(rate) FROM rates)"};
    map_test_same(db, "SELECT 12000, 1.5",
                  "SELECT count(*), max(value) FROM parallel_map('large', 'evaluate(''SELECT abs(rate) FROM "
                  "rates'')')");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        char *sql =
            sqlite3_mprintf("SELECT * FROM parallel_map('large', 'evaluate(''SELECT %s'')')", calls[i]);
        expect_refused(db, sql, "evaluate()", why);
        sqlite3_free(sql);
    }
    sql_test_expect(db, "SELECT count(*) FROM sqlite_master WHERE name = 'noted'", "0");
    sql_test_close(&db);
    sqlite3_free(path);
}

/* The plain SELECT as it stands: in another query around it SQLite may keep a subtype that it loses
 * otherwise. */
static void expect_tags(sqlite3 *db, const char *from, const char *source)
{
    char *plain = sqlite3_mprintf("SELECT tag_of(x) || typeof(x) || quote(x) FROM %s", from);
    char *map =
        sqlite3_mprintf("SELECT value FROM parallel_map(%Q, 'tag_of(x) || typeof(x) || quote(x)')", source);
    map_test_same(db, plain, map);
    sqlite3_free(plain);
    sqlite3_free(map);
}

/* A WHERE of the map may have SQLite run the source beside it, which takes subtypes off. The condition has a
   text: a number would have the affinity of either arm of a UNION ALL, and SQLite leaves open which. */
static void expect_filtered_tags(sqlite3 *db, const char *source)
{
    char *plain = sqlite3_mprintf("SELECT tag_of(x) || typeof(x) FROM %s WHERE x IS NOT 'a'", source);
    map_test_run(db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = %s, map = (tag_of(x) || typeof(x) "
                 "AS v), where = (x IS NOT 'a'))",
                 source);
    map_test_same(db, plain, "SELECT v FROM m");
    sql_test_run(db, "DROP TABLE m");
    sqlite3_free(plain);
}

/* A map sees a subtype that its source gives where the plain SELECT sees one: it depends on the expression,
   on what else the source does, and on the version of SQLite. */
static void subtypes_of_the_source(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    static const char *const expressions[] = {"tagged(p)",
                                              "+tagged(p)",
                                              "CASE WHEN id % 3 THEN tagged(p) END",
                                              "coalesce(tagged(p), 1)",
                                              "(SELECT tagged(p))",
                                              "CAST(tagged(p) AS TEXT)",
                                              "iif(id > 4, tagged(p), p)",
                                              "+tagged(7)",
                                              "json(s)",
                                              "+json(s)"};
    static const char *const sources[] = {"SELECT %s AS x FROM t",
                                          "SELECT %s AS x FROM t ORDER BY p",
                                          "SELECT %s AS x FROM t LIMIT 10",
                                          "SELECT DISTINCT %s AS x FROM t",
                                          "SELECT %s AS x FROM t UNION ALL SELECT p FROM t",
                                          "SELECT %s AS x FROM t GROUP BY id",
                                          "SELECT id, %s AS x, tagged(id) AS y FROM t",
                                          "WITH c AS (SELECT %s AS x FROM t LIMIT 5) SELECT x FROM c"};
    load_everywhere(db);
    sql_test_run(db,
                 "CREATE TABLE t(id INTEGER PRIMARY KEY, p, s); INSERT INTO t VALUES (1, 5, '[1]'), (2, 'a', "
                 "'[2]'), (3, x'00', '{}'), (4, NULL, '3'), (5, 2.5, '\"x\"'), (6, '', '[]')");
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        for (size_t j = 0; j < sizeof expressions / sizeof *expressions; j++) {
            char *select = sqlite3_mprintf(sources[i], expressions[j]);
            char *source = sqlite3_mprintf("(%s)", select);
            map_test_run(db, "CREATE VIEW v AS %s", select);
            expect_tags(db, source, select);
            expect_filtered_tags(db, source);
            expect_tags(db, "v", "v");
            sql_test_run(db, "DROP VIEW v");
            sqlite3_free(source);
            sqlite3_free(select);
        }
}

/* The same where the host writes while the map runs, so that the rows of its source are read first: few of
   them, and more than are kept in memory. */
static void expect_written(sqlite3 *db, const char *from)
{
    map_test_run(db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = %s, map = (tag_of(x) AS tag, x));"
                 "CREATE TABLE by_plain(tag, x); INSERT INTO by_plain SELECT tag_of(x), x FROM %s;"
                 "CREATE TABLE by_map(tag, x); INSERT INTO by_map SELECT * FROM m; DROP TABLE m",
                 from, from);
    map_test_same(db, "SELECT * FROM by_plain", "SELECT * FROM by_map");
    char *source =
        *from == '(' ? sqlite3_mprintf("%.*s", (int)strlen(from) - 2, from + 1) : sqlite3_mprintf("%s", from);
    map_test_run(db,
                 "DELETE FROM by_map; INSERT INTO by_map SELECT value, NULL FROM parallel_map(%Q, "
                 "'tag_of(x)')",
                 source);
    map_test_same(db, "SELECT tag FROM by_plain", "SELECT tag FROM by_map");
    map_test_run(db,
                 "UPDATE by_map SET tag = NULL; UPDATE by_map SET tag = value FROM parallel_map(%Q, "
                 "'tag_of(x)') WHERE key = by_map.rowid",
                 source);
    map_test_same(db, "SELECT tag FROM by_plain", "SELECT tag FROM by_map");
    sql_test_run(db, "DROP TABLE by_plain; DROP TABLE by_map");
    sqlite3_free(source);
}

static void subtypes_while_the_host_writes(void **state)
{
    MapTest *test = *state;
    static const char *const sources[] = {
        "(SELECT tagged(p) AS x FROM t)",
        "(SELECT json(s) AS x FROM t)",
        "v",
        "(SELECT CASE WHEN id % 3 THEN tagged(p) ELSE p END AS x, json(s) FROM t)",
        "(SELECT tagged(hex(zeroblob(400)) || id) AS x FROM large)",
        "(SELECT x'' AS x FROM t WHERE p IS 7)"};
    static const char *const encodings[] = {"UTF-8", "UTF-16le"};
    for (size_t e = 0; e < sizeof encodings / sizeof *encodings; e++) {
        sqlite3 *db = map_test_open(test, ":memory:");
        map_test_run(db, "PRAGMA encoding = '%s'", encodings[e]);
        load_everywhere(db);
        make_tables(db);
        sql_test_run(db,
                     "CREATE TABLE t(id INTEGER PRIMARY KEY, p, s); INSERT INTO t VALUES (1, 5, '[1]'), (2, "
                     "'a', '[2]'), (3, x'00', '{}'), (4, NULL, '3'), (5, 2.5, '\"x\"'), (6, '', '[]');"
                     "CREATE VIEW v AS SELECT coalesce(tagged(p), 1) AS x FROM t");
        for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
            expect_written(db, sources[i]);
        /* What fails in a row fails as a whole. */
        sql_test_expect_error(db,
                              "INSERT INTO t(p) SELECT value FROM parallel_map('SELECT json(iif(id = 11000, "
                              "''['', ''1'')) AS x FROM large', 'x')",
                              SQLITE_ERROR, "malformed JSON");
        sql_test_expect(db, "SELECT count(*) FROM t", "6");
        sql_test_close(&db);
    }
}

/* And the query around a map sees that of the map. */
static void subtypes_of_the_map(void **state)
{
    MapTest *test = *state;
    static const char *const maps[] = {"tagged(p)", "+tagged(p)", "(SELECT tagged(p))", "json_array(p)",
                                       "CASE WHEN id > 5 THEN +json_array(p) ELSE tagged(p) END"};
    load_everywhere(test->db);
    map_test_prices(test->db);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        char *plain =
            sqlite3_mprintf("SELECT tag_of(value), json_array(value), value FROM (SELECT %s AS value FROM "
                            "prices)",
                            maps[i]);
        char *map = sqlite3_mprintf(
            "SELECT tag_of(value), json_array(value), value FROM parallel_map('prices', %Q)", maps[i]);
        map_test_same(test->db, plain, map);
        sqlite3_free(plain);
        sqlite3_free(map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(functions_that_read_tables),
        MAP_TEST_EACH(functions_that_read_tables_late),
        MAP_TEST_EACH(functions_that_take_long),
        MAP_TEST_EACH(functions_that_would_find_other_tables),
        MAP_TEST_EACH(functions_that_call_functions_of_the_host),
        MAP_TEST_EACH(functions_that_compare_with_like),
        MAP_TEST_EACH(functions_that_would_change_something),
        MAP_TEST_EACH(subtypes_of_the_source),
        MAP_TEST_EACH(subtypes_while_the_host_writes),
        MAP_TEST_EACH(subtypes_of_the_map),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
