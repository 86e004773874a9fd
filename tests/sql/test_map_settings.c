/* What a host has set holds for its maps as for its plain SELECT: pragmas, limits; and numbers are taken as
 * hosts bind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

/* ---- bound numbers ---- */

/* Steps `sql` with these two numbers bound, each a REAL. The message of the error, or what the row's last
   column has; until the next call. */
static const char *with_reals(sqlite3 *db, const char *sql, double first, double second)
{
    static char text[256];
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_bind_double(statement, 1, first), SQLITE_OK);
    assert_int_equal(sqlite3_bind_double(statement, 2, second), SQLITE_OK);
    int rc = sqlite3_step(statement);
    const char *value =
        rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, sqlite3_column_count(statement) - 1)
                         : sqlite3_errmsg(db);
    sqlite3_snprintf(sizeof text, text, "%s", value ? value : "NULL");
    sqlite3_finalize(statement);
    return text;
}

static void numbers_that_are_bound_as_real(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    map_test_prices(db);
    char *call = sqlite3_mprintf("SELECT count(*) || ' by ' || max(workers) || ' of ' || max(chunk) "
                                 "FROM parallel_map('prices', 'p', '%s', ?1, ?2)",
                                 test->executor);
    assert_string_equal(with_reals(db, call, 2, 7), "20 by 2 of 7");
    assert_string_equal(with_reals(db, call, 1, 1e9), "20 by 1 of 1000000000");
    static const struct {
        double workers, chunk;
        const char *message;
    } wrong[] = {
        {2.5, 7, "parallel_map: workers is '2.5': expected a whole number from 1 to 1024"},
        {0, 7, "parallel_map: workers is '0.0': expected a whole number from 1 to 1024"},
        {1025, 7, "parallel_map: workers is '1025.0': expected a whole number from 1 to 1024"},
        {1e30, 7, "parallel_map: workers is '1.0e+30': expected a whole number from 1 to 1024"},
        {-INFINITY, 7, "parallel_map: workers is '-Inf': expected a whole number from 1 to 1024"},
        {2, 0.5, "parallel_map: chunk is '0.5': expected a whole number of rows from 1 to 1000000000"},
        {2, INFINITY, "parallel_map: chunk is 'Inf': expected a whole number of rows from 1 to 1000000000"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_string_equal(with_reals(db, call, wrong[i].workers, wrong[i].chunk), wrong[i].message);
    /* SQLite binds a NaN as NULL, which is an argument that was not given. */
    assert_string_equal(with_reals(db, call, 2, NAN), "NULL");
    sqlite3_free(call);
}

static void settings_that_are_bound_as_real(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    static const char config[] =
        "SELECT parallel_map_config('retries', ?2), parallel_map_config('workers', ?1)";
    assert_string_equal(with_reals(db, config, 3, 5), "3");
    sql_test_expect(db, "SELECT parallel_map_config('retries'), parallel_map_config('workers')", "5|3");
    sql_test_expect(db, "SELECT parallel_map_config('chunk', 100.0), parallel_map_config('progress', 0.0)",
                    "100|0");
    assert_string_equal(
        with_reals(db, config, 2.5, 5),
        "parallel_map_config: workers is '2.5': expected a whole number from 1 to 1024, or NULL for "
        "the processors there are");
    assert_string_equal(with_reals(db, config, 2, 1e30),
                        "parallel_map_config: retries is '1.0e+30': expected a whole number from 0 to 100");
    assert_string_equal(with_reals(db, config, 2, NAN),
                        "parallel_map_config: retries is 'NULL': expected a whole number from 0 to 100");
    sql_test_expect(db, "SELECT parallel_map_config('retries'), parallel_map_config('workers')", "5|3");
    assert_string_equal(with_reals(db, "SELECT increase_price_crazy(?1, 10, ?2)", 100, 20), "110.0");
}

/* ---- pragmas ---- */

/* t(a, b), of so many rows that workers read them from the file themselves; the test's connection is to it.
 */
static void use_large_file(MapTest *test, const char *journal)
{
    char *path = map_test_path(test, "settings.db");
    sql_test_close(&test->db);
    test->db = map_test_open(test, path);
    sqlite3_free(path);
    map_test_run(test->db,
                 "PRAGMA journal_mode = %s; PRAGMA synchronous = off; CREATE TABLE t(a TEXT, b INT);"
                 "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 12000) "
                 "INSERT INTO t SELECT iif(i %% 2, 'Abc', 'aBC_') || i, i FROM n",
                 journal);
}

static const char *const likes[] = {"a LIKE 'aB%1'", "a LIKE 'a__!_%' ESCAPE '!'", "like('ABC%', a)",
                                    "a GLOB 'A*'", "'x' LIKE 'X'"};

static void expect_likes(const MapTest *test, const char *source)
{
    for (size_t i = 0; i < sizeof likes / sizeof *likes; i++) {
        map_test_value(test, source, NULL, likes[i]);
        map_test_list(test, source, likes[i]);
    }
}

static void like_as_set(void **state)
{
    MapTest *test = *state;
    use_large_file(test, "delete");
    map_test_run(test->db, "CREATE VIEW v AS SELECT * FROM t LIMIT 50");
    /* Plans are kept: each setting has to reach them. */
    static const int settings[] = {0, 1, 0, 1};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        map_test_run(test->db, "PRAGMA case_sensitive_like = %d", settings[i]);
        expect_likes(test, "t");
        expect_likes(test, "v");
        expect_likes(test, "(SELECT a FROM t WHERE a LIKE 'abc%' LIMIT 20)");
    }
    map_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (count(*) AS n), "
                 "where = (a LIKE 'ABC1%%'), partial = 1)");
    map_test_same(test->db, "SELECT count(*) FROM t WHERE a LIKE 'ABC1%'", "SELECT ifnull(sum(n), 0) FROM m");
    map_test_run(test->db, "PRAGMA case_sensitive_like = 0");
    map_test_same(test->db, "SELECT count(*) FROM t WHERE a LIKE 'ABC1%'", "SELECT ifnull(sum(n), 0) FROM m");
}

/* How LIKE compares is found out while a statement runs, which opens further tables after that. */
static void like_in_a_running_statement(void **state)
{
    MapTest *test = *state;
    use_large_file(test, "delete");
    map_test_same(test->db, "SELECT a LIKE 'abc1%' FROM t EXCEPT SELECT a FROM t",
                  "SELECT value FROM parallel_map('t', 'a LIKE ''abc1%''') EXCEPT SELECT a FROM t");
}

static void always_true(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_int(context, 1);
}

/* A function of the host's own stays one, whichever of the two forms it replaces and whatever it says of
 * itself. */
static void like_of_the_host(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    static const char refusal[] =
        "parallel_map: map: like() was defined by the host on this connection; workers would call another "
        "function "
        "of that name. Put it into an extension and load that into workers with parallel_map_load(path)";
    static const struct {
        int arguments, flags;
    } own[] = {{2, SQLITE_UTF8},
               {3, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS},
               {2, SQLITE_UTF16},
               {3, SQLITE_UTF16 | SQLITE_INNOCUOUS}};
    map_test_prices(db);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        for (int set = 0; set < 2; set++) {
            sql_test_run(db, set ? "PRAGMA case_sensitive_like = 1" : "SELECT 1");
            assert_int_equal(sqlite3_create_function(db, "like", own[i].arguments, own[i].flags, NULL,
                                                     always_true, NULL, NULL),
                             SQLITE_OK);
            sql_test_expect_error(db, "SELECT value FROM parallel_map('prices', 'p LIKE ''4%''')",
                                  SQLITE_ERROR, refusal);
            assert_int_equal(
                sqlite3_create_function(db, "like", own[i].arguments, own[i].flags, NULL, NULL, NULL, NULL),
                SQLITE_OK);
        }
}

static void names_of_columns(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    sql_test_run(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, \"a b\", \"t.c\", \"pricemap source.d\");"
                     "INSERT INTO t VALUES (5, 'x', 'y', 'z'), (7, 'u', 'v', 'w');"
                     "CREATE VIEW v AS SELECT id, \"a b\" AS n, \"t.c\" FROM t;"
                     "CREATE TABLE one(\"pricemap source.e\", f); INSERT INTO one VALUES (1, 2)");
    for (int full = 0; full < 2; full++)
        for (int shorter = 0; shorter < 2; shorter++) {
            map_test_run(db, "PRAGMA full_column_names = %d; PRAGMA short_column_names = %d", full, shorter);
            map_test_value(test, "t", "rowid", "id || \"a b\" || \"t.c\" || \"pricemap source.d\"");
            map_test_value(test, "v", NULL, "n || \"t.c\" || v.id");
            map_test_value(test, "one", "rowid", "\"pricemap source.e\" + f");
            map_test_value(test, "(SELECT id, \"a b\" AS n FROM t)", NULL, "id || n");
            map_test_same(db, "SELECT count(*), max(id) FROM t",
                          "SELECT count(*), max(key) FROM parallel_map('t', 'id')");
        }
    /* The plain statement finds no such column either. */
    sql_test_run(db, "PRAGMA full_column_names = 1; PRAGMA short_column_names = 0");
    map_test_value(test, "(SELECT * FROM one)", NULL, "\"one.f\" + 1");
    sql_test_expect_error(db, "SELECT f FROM (SELECT * FROM one)", SQLITE_ERROR, "no such column: f");
    sql_test_expect_error(
        db, "SELECT value FROM parallel_map('SELECT * FROM one', 'f')", SQLITE_ERROR,
        "parallel_map: map: no such column: f: the source has one.pricemap source.e, one.f");
}

static void schema_tables(void **state)
{
    MapTest *test = *state;
    static const char *const tables[] = {
        "sqlite_master",       "sqlite_schema",
        "main.sqlite_schema",  "\"SQLITE_schema\"",
        "sqlite_temp_schema",  "sqlite_temp_master",
        "temp.sqlite_schema",  "temp.sqlite_temp_schema",
        "other.sqlite_schema", "(SELECT name, type FROM sqlite_schema)",
    };
    use_large_file(test, "wal");
    sql_test_run(test->db,
                 "ATTACH ':memory:' AS other; CREATE TABLE other.o(x); CREATE INDEX other.i ON o(x);"
                 "CREATE TEMP TABLE tt(b); CREATE INDEX on_b ON t(b)");
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        assert_true(map_test_value(test, tables[i], *tables[i] == '(' ? NULL : "rowid", "type || name") > 0);
        map_test_list(test, tables[i], "*");
    }
    /* So many rowids that workers would read a table themselves. */
    sql_test_run(test->db, "PRAGMA writable_schema = 1;"
                           "INSERT INTO sqlite_schema(rowid, type, name, tbl_name, rootpage, sql) "
                           "VALUES (20000, 'view', 'vv', 'vv', 0, 'CREATE VIEW vv AS SELECT 1');"
                           "PRAGMA writable_schema = RESET");
    map_test_value(test, "sqlite_schema", "rowid", "upper(name)");
    map_test_value(test, "sqlite_master", "rowid", "upper(name)");
}

static void query_only(void **state)
{
    MapTest *test = *state;
    use_large_file(test, "delete");
    sql_test_run(
        test->db,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (a, increase_price(b) AS p));"
        "PRAGMA query_only = 1");
    map_test_same(test->db, "SELECT rowid, a || b FROM t", "SELECT * FROM parallel_map('t', 'a || b')");
    map_test_same(test->db, "SELECT a, increase_price(b) FROM t", "SELECT * FROM m");
    sql_test_expect_error(test->db, "CREATE VIRTUAL TABLE temp.n USING parallel_map(source = t, map = (a))",
                          SQLITE_READONLY, "attempt to write a readonly database");
    sql_test_run(test->db, "PRAGMA query_only = 0");
}

/* Of a cache that connections share, one may see what another has not committed. */
static void read_uncommitted(void **state)
{
    MapTest *test = *state;
    static const char *const modes[] = {"delete", "wal"};
    char *path = map_test_path(test, "settings.db"), *uri = sqlite3_mprintf("file:%s?cache=shared", path);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        use_large_file(test, modes[i]);
        sql_test_close(&test->db);
        sqlite3 *writer = NULL, *db = NULL;
        writer = map_test_open(test, uri);
        test->db = db = map_test_open(test, uri);
        sql_test_run(writer, "BEGIN; UPDATE t SET b = -b WHERE b % 2; DELETE FROM t WHERE b % 7 = 0");
        sql_test_run(db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (b, a));"
                         "PRAGMA read_uncommitted = 1");
        map_test_value(test, "t", "rowid", "b * 2");
        map_test_same(db, "SELECT b, a FROM t", "SELECT * FROM m");
        sql_test_run(db, "PRAGMA read_uncommitted = 0");
        sql_test_expect_error(db, "SELECT count(*) FROM m", SQLITE_LOCKED,
                              "parallel_map: source: database table is locked: t");
        sql_test_run(writer, "ROLLBACK");
        map_test_value(test, "t", "rowid", "b * 2");
        sql_test_run(db, "DROP TABLE m");
        sql_test_close(&writer);
        sql_test_run(db, "DROP TABLE t");
    }
    sqlite3_free(uri);
    sqlite3_free(path);
}

/* A temporary view is the connection's own text: it may call, also where no schema is trusted. */
static void temporary_views(void **state)
{
    MapTest *test = *state;
    use_large_file(test, "delete");
    sqlite3 *db = test->db;
    sql_test_run(db, "CREATE TEMP VIEW v AS SELECT key, value FROM parallel_map('t', 'increase_price(b)');"
                     "CREATE TEMP VIEW w AS SELECT key, value FROM parallel_map('v', 'value * 2');"
                     "CREATE TABLE u AS SELECT * FROM t LIMIT 30;"
                     "CREATE TEMP VIEW x AS SELECT key, value FROM parallel_map('u', 'b + 1')");
    for (int trusted = 0; trusted < 2; trusted++) {
        map_test_run(db, "PRAGMA trusted_schema = %d", trusted);
        map_test_same(db, "SELECT rowid, increase_price(b) FROM t", "SELECT * FROM v");
        map_test_same(db, "SELECT rowid, increase_price(b) * 2 FROM t", "SELECT * FROM w");
        map_test_value(test, "w", NULL, "value || 'x'");
        map_test_same(db, "SELECT t.rowid, increase_price(b), b + 1 FROM t WHERE t.rowid <= 30 ORDER BY 1",
                      "SELECT v.key, v.value, x.value FROM x JOIN v USING (key) ORDER BY 1");
    }
    sql_test_run(db, "UPDATE u SET b = x.value FROM x WHERE x.key = u.rowid;"
                     "INSERT INTO u SELECT key, value FROM x");
    map_test_same(db, "SELECT b + 1 FROM t WHERE rowid <= 30 UNION ALL SELECT b + 2 FROM t WHERE rowid <= 30",
                  "SELECT value FROM (SELECT rowid, b AS value FROM u ORDER BY rowid LIMIT 30) UNION ALL "
                  "SELECT value FROM (SELECT rowid, b AS value FROM u ORDER BY rowid LIMIT 30 OFFSET 30)");
}

/* ---- limits ---- */

/* Steps both to their ends; both have to give the same rows, and to fail alike. Returns the code of the end.
 */
static int step_both(sqlite3 *db, sqlite3_stmt *plain, int prepared, sqlite3_stmt *map, const char *what)
{
    char expected[256];
    int rc = prepared, rows = 0;
    sqlite3_snprintf(sizeof expected, expected, "%s", sqlite3_errmsg(db));
    for (;; rows++) {
        if (prepared == SQLITE_OK && (rc = sqlite3_step(plain)) != SQLITE_ROW)
            sqlite3_snprintf(sizeof expected, expected, "%s", sqlite3_errmsg(db));
        int got = sqlite3_step(map);
        if (got == SQLITE_ROW && rc == SQLITE_ROW) {
            sqlite3_value *one = sqlite3_column_value(plain, 0), *other = sqlite3_column_value(map, 0);
            assert_int_equal(sqlite3_value_type(one), sqlite3_value_type(other));
            assert_int_equal(sqlite3_value_bytes(one), sqlite3_value_bytes(other));
            assert_memory_equal(sqlite3_value_text(one), sqlite3_value_text(other), sqlite3_value_bytes(one));
            continue;
        }
        if (got != rc || (rc != SQLITE_DONE && !strstr(sqlite3_errmsg(db), expected)))
            fail_msg("%s, row %d: plain %d %s, map %d %s", what, rows + 1, rc, expected, got,
                     sqlite3_errmsg(db));
        return rc;
    }
}

typedef struct LimitCase {
    int limit;
    /* Values that are tried; 0: those around the first at which the plain query passes, which is another one
     * in each version of SQLite. */
    int least, most;
    const char *source, *map;
} LimitCase;

/* The least value of the limit with which SQLite prepares the text. */
static int first_that_passes(sqlite3 *db, int limit, const char *sql)
{
    int usual = sqlite3_limit(db, limit, -1), rc = SQLITE_ERROR, value = 0;
    while (rc != SQLITE_OK && value < usual) {
        sqlite3_stmt *plain = NULL;
        sqlite3_limit(db, limit, ++value);
        rc = sqlite3_prepare_v2(db, sql, -1, &plain, NULL);
        sqlite3_finalize(plain);
    }
    sqlite3_limit(db, limit, usual);
    return value;
}

/* For each value of the limit; it has to be one that fails at first, where it bounds the map, and passes at
 * last. */
static void expect_same_limit(const MapTest *test, const LimitCase *limit, bool bounds)
{
    sqlite3 *db = test->db;
    char *call = sqlite3_mprintf("SELECT value FROM parallel_map(%Q, %Q)", limit->source, limit->map);
    char *plain_sql =
        sqlite3_mprintf(strncmp(limit->source, "SELECT", 6) ? "SELECT %s FROM %s" : "SELECT %s FROM (%s)",
                        limit->map, limit->source);
    int passed = 0, failed = 0, usual = sqlite3_limit(db, limit->limit, -1);
    int least = limit->least, most = limit->most;
    if (!least) {
        least = first_that_passes(db, limit->limit, plain_sql) - 4;
        most = least + 8;
    }
    for (int value = least; value <= most; value++) {
        sqlite3_stmt *map = NULL, *plain = NULL;
        char what[256];
        sqlite3_snprintf(sizeof what, what, "limit %d = %d, %s", limit->limit, value, limit->map);
        /* What the host says around the map is not in question. */
        assert_int_equal(sqlite3_prepare_v2(db, call, -1, &map, NULL), SQLITE_OK);
        sqlite3_limit(db, limit->limit, value);
        int prepared = sqlite3_prepare_v2(db, plain_sql, -1, &plain, NULL);
        int rc = step_both(db, plain, prepared, map, what);
        passed += rc == SQLITE_DONE;
        failed += rc != SQLITE_DONE;
        sqlite3_finalize(plain);
        sqlite3_finalize(map);
        sqlite3_limit(db, limit->limit, usual);
    }
    if (passed == 0 || (bounds && failed == 0))
        print_error("limit %d, %s\n", limit->limit, limit->map);
    assert_true(passed > 0);
    assert_true(!bounds || failed > 0);
    sqlite3_free(call);
    sqlite3_free(plain_sql);
}

static void limits_of_the_host(void **state)
{
    MapTest *test = *state;
    use_large_file(test, "delete");
    sql_test_run(
        test->db,
        "CREATE TABLE small AS SELECT a, b FROM t LIMIT 5; ALTER TABLE small ADD COLUMN n;"
        "CREATE VIEW v AS SELECT a, b + 1 AS c FROM small;"
        "CREATE TABLE keyed(k PRIMARY KEY, a) WITHOUT ROWID; INSERT INTO keyed SELECT b, a FROM small");
    static const LimitCase cases[] = {
        {SQLITE_LIMIT_LENGTH, 60, 90, "t", "replace(a, 'bc', printf('%.66c', b))"},
        {SQLITE_LIMIT_LENGTH, 60, 90, "SELECT a, printf('%.75c', 'x') AS l FROM small", "length(l)"},
        {SQLITE_LIMIT_SQL_LENGTH, 30, 50, "t", "a || b || 'a longer one'"},
        {SQLITE_LIMIT_SQL_LENGTH, 50, 80, "SELECT a, b FROM small WHERE b > 2", "a || b || 12345"},
        {SQLITE_LIMIT_COLUMN, 1, 4, "SELECT a, b, n FROM small", "a || b"},
        {SQLITE_LIMIT_EXPR_DEPTH, 4, 12, "t", "((((((b + 1) + 2) + 3) + 4) + 5) + 6)"},
        {SQLITE_LIMIT_EXPR_DEPTH, 4, 12, "SELECT (((((b + 1) + 2) + 3) + 4) + 5) AS c FROM small", "c"},
        {SQLITE_LIMIT_COMPOUND_SELECT, 1, 4, "SELECT b FROM small UNION ALL SELECT 1 UNION ALL SELECT 2",
         "b + 1"},
        {SQLITE_LIMIT_COMPOUND_SELECT, 1, 4, "small", "(SELECT b UNION ALL SELECT 1 UNION ALL SELECT 2)"},
        {SQLITE_LIMIT_VDBE_OP, 0, 0, "t", "a || b || upper(a)"},
        {SQLITE_LIMIT_VDBE_OP, 0, 0, "v", "a IN (1, 2, 3) OR c IN (4, 5, 6) OR a || c IN (7, 8, 9)"},
        {SQLITE_LIMIT_FUNCTION_ARG, 1, 5, "t", "max(b, 1, 2, 3)"},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1, 9, "t", "a LIKE '_B_1%'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_same_limit(test, &cases[i], true);
    static const int others[] = {SQLITE_LIMIT_VARIABLE_NUMBER,    SQLITE_LIMIT_ATTACHED,
                                 SQLITE_LIMIT_TRIGGER_DEPTH,      SQLITE_LIMIT_WORKER_THREADS,
                                 SQLITE_LIMIT_FUNCTION_ARG,       SQLITE_LIMIT_COMPOUND_SELECT,
                                 SQLITE_LIMIT_LIKE_PATTERN_LENGTH};
    static const char *const sources[] = {"t", "small", "v", "keyed", "SELECT a FROM small"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        for (size_t j = 0; j < sizeof sources / sizeof *sources; j++)
            expect_same_limit(test, &(LimitCase){others[i], 0, 1, sources[j], "a"}, false);
}

/* All at once, and so low that hardly more than the map can be said. */
static void low_limits(void **state)
{
    MapTest *test = *state;
    static const int limits[][2] = {{SQLITE_LIMIT_SQL_LENGTH, 60},     {SQLITE_LIMIT_COLUMN, 8},
                                    {SQLITE_LIMIT_EXPR_DEPTH, 4},      {SQLITE_LIMIT_COMPOUND_SELECT, 1},
                                    {SQLITE_LIMIT_VDBE_OP, 60},        {SQLITE_LIMIT_FUNCTION_ARG, 2},
                                    {SQLITE_LIMIT_VARIABLE_NUMBER, 1}, {SQLITE_LIMIT_LENGTH, 100}};
    use_large_file(test, "wal");
    sqlite3 *db = test->db;
    sql_test_run(
        db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (b, increase_price(b) AS c), "
            "where = (b % 3))");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(db, limits[i][0], limits[i][1]);
    map_test_same(db, "SELECT b + 1 FROM t", "SELECT value FROM parallel_map('t','b+1')");
    map_test_same(db, "SELECT increase_price(b) FROM t WHERE b % 3", "SELECT c FROM m");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map_runs", "2");
    sql_test_expect(db, "SELECT max(error) FROM parallel_map_runs", "NULL");
}

/* SQLite's own most is 2 000: with none left for a key. */
static void as_many_columns_as_there_can_be(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    int most = sqlite3_limit(db, SQLITE_LIMIT_COLUMN, -1);
    sqlite3_str *list = sqlite3_str_new(NULL), *values = sqlite3_str_new(NULL);
    for (int i = 0; i < most; i++) {
        sqlite3_str_appendf(list, "%sc%d", i ? ", " : "", i);
        sqlite3_str_appendf(values, "%s%d AS c%d", i ? ", " : "", i, i);
    }
    char *columns = sqlite3_str_finish(list), *select = sqlite3_str_finish(values);
    map_test_run(db, "CREATE TABLE t(%s); INSERT INTO t SELECT %s; INSERT INTO t SELECT * FROM t;", columns,
                 select);
    map_test_run(db, "CREATE TABLE k(%s, PRIMARY KEY(c0)) WITHOUT ROWID; INSERT INTO k SELECT %s", columns,
                 select);
    map_test_run(db, "CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT c0 + 1 AS c0, %s FROM t",
                 strchr(columns, ' '));
    static const char *const sources[] = {"t", "k", "v", "w", "(SELECT * FROM t)"};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        map_test_value(test, sources[i], NULL, "c0 + c1999");
        map_test_list(test, sources[i], "c1999, c0, c77");
        map_test_list(test, sources[i], "*");
    }
    sqlite3_free(columns);
    sqlite3_free(select);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(numbers_that_are_bound_as_real),
        MAP_TEST(settings_that_are_bound_as_real),
        MAP_TEST_EACH(like_as_set),
        MAP_TEST_EACH(like_in_a_running_statement),
        MAP_TEST(like_of_the_host),
        MAP_TEST_EACH(names_of_columns),
        MAP_TEST_EACH(schema_tables),
        MAP_TEST_EACH(query_only),
        MAP_TEST_EACH(read_uncommitted),
        MAP_TEST_EACH(temporary_views),
        MAP_TEST_EACH(limits_of_the_host),
        MAP_TEST_EACH(low_limits),
        MAP_TEST_EACH(as_many_columns_as_there_can_be),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
