/* Text and files of another user: maps and sources that try to leave their brackets, names that try to leave
 * their quotes, files whose schema calls us. SECURITY.md names these tests. */
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

/* Enough that the planner does not call it small: workers read the file themselves. */
#define ROWS "12000"

/* In the place of the test's connection: a file of that name, with t(p) and a secret beside it. */
static void open_file(MapTest *test, const char *name)
{
    char *path = map_test_path(test, name);
    sql_test_close(&test->db);
    test->db = map_test_open(test, path);
    sqlite3_free(path);
    sql_test_run(test->db,
                 "CREATE TABLE t(p);"
                 "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < " ROWS ")"
                 "INSERT INTO t SELECT i FROM n;"
                 "CREATE TABLE secret(s); INSERT INTO secret VALUES ('hidden')");
}

static void expect_access(sqlite3 *db, const char *access)
{
    char *expected = sqlite3_mprintf("%Q", access);
    sql_test_expect(db, "SELECT access FROM parallel_map_runs ORDER BY run DESC LIMIT 1", expected);
    sqlite3_free(expected);
}

/* The statement fails, in words that contain `part`. */
static void expect_refused(sqlite3 *db, const char *sql, const char *part)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK || !strstr(sqlite3_errmsg(db), part))
        fail_msg("%s\n    gives %d, %s\n    expected %s", sql, rc, sqlite3_errmsg(db), part);
}

typedef struct Attempt {
    const char *text, *why;
} Attempt;

static const char elsewhere[] = "has no place here";

static const Attempt expressions[] = {
    {"(1) FROM sqlite_schema --", elsewhere},
    {"1 FROM secret", elsewhere},
    {"p /* x */ FROM secret", elsewhere},
    {"p -- \n FROM secret", elsewhere},
    {"1) FROM secret; --", "')' too many"},
    {"1) UNION SELECT s FROM (secret", "')' too many"},
    {"(p", "'(' is not closed"},
    {"p; DROP TABLE secret", "';' has no place here"},
    {"p;", "';' has no place here"},
    {"p /* open", "not closed"},
    {"'p", "not closed"},
    {"\"p", "not closed"},
    {"[p", "not closed"},
    {"`p", "not closed"},
    {"x'00", "not closed"},
    {"p UNION SELECT s FROM secret", elsewhere},
    {"p WHERE 0", elsewhere},
    {"p GROUP BY p", elsewhere},
    {"p HAVING 1", elsewhere},
    {"p ORDER BY p", elsewhere},
    {"p LIMIT 1", elsewhere},
    {"p WINDOW w AS ()", elsewhere},
    {"?1", "parameters cannot be bound"},
    {":p", "parameters cannot be bound"},
    {"@p", "parameters cannot be bound"},
    {"$p", "parameters cannot be bound"},
    {"-- nothing", "nothing in it"},
    {"(SELECT s FROM secret)", "reads nothing but the columns of its source"},
    {"(SELECT s FROM main.secret)", "reads nothing but the columns of its source"},
    {"(WITH x AS (SELECT s FROM secret) SELECT * FROM x)", "reads nothing but the columns of its source"},
    {"(SELECT * FROM (SELECT s FROM secret), json_each('[1]'))",
     "reads nothing but the columns of its source"},
    {"(VALUES ((SELECT s FROM secret)))", "reads nothing but the columns of its source"},
    {"p IN secret", "reads nothing but the columns of its source"},
    {"p IN main.secret", "reads nothing but the columns of its source"},
    {"p IN (SELECT s FROM secret)", "reads nothing but the columns of its source"},
    {"EXISTS (SELECT 1 FROM secret)", "reads nothing but the columns of its source"},
    {"(SELECT count(*) FROM temp.sqlite_schema)", "reads nothing but the columns of its source"},
    {"(SELECT s.name FROM json_each('[1]'), sqlite_schema AS s)",
     "reads nothing but the columns of its source"},
    {"(SELECT name FROM pragma_table_info('secret'))", "parallel_map: map: "},
    {"(SELECT count(*) FROM pragma_user_version)", "parallel_map: map: "},
    {"(SELECT count(*) FROM pragma_journal_mode('wal'))", "parallel_map: map: "},
    {"(SELECT count(*) FROM sqlite_stmt)", "parallel_map: map: "},
    {"(SELECT count(*) FROM sqlite_dbpage)", "parallel_map: map: "},
    {"(SELECT count(*) FROM dbstat)", "parallel_map: map: "},
    {"(SELECT count(*) FROM bytecode('SELECT 1'))", "parallel_map: map: "},
    {"(SELECT count(*) FROM tables_used('SELECT 1'))", "parallel_map: map: "},
    {"(SELECT count(*) FROM fts3tokenize)", "parallel_map: map: "},
    {"(SELECT count(*) FROM fsdir('.'))", "parallel_map: map: "},
    {"(SELECT count(*) FROM zipfile('x.zip'))", "parallel_map: map: "},
    {"(SELECT count(*) FROM csv)", "parallel_map: map: "},
    {"(SELECT count(*) FROM parallel_map('t', 'p'))", "parallel_map: map: "},
    {"(SELECT count(*) FROM parallel_map_runs)", "parallel_map: map: "},
    {"readfile('/etc/passwd')", "parallel_map: map: "},
    {"writefile('x', p)", "parallel_map: map: "},
    {"edit('x')", "parallel_map: map: "},
    {"load_extension('x')", "parallel_map: map: "},
    {"fts3_tokenizer('simple')", "parallel_map: map: "},
    {"rtreecheck('main', 'r')", "parallel_map: map: "},
    {"parallel_map_load('x')", "parallel_map: map: "},
    {"parallel_map_config('workers', 7)", "parallel_map: map: "},
    {"changes()", "parallel_map: map: "},
    {"raise(abort, 'x')", "parallel_map: map: "},
};
enum { EXPRESSIONS = sizeof expressions / sizeof *expressions };

/* Nothing of it has happened. */
static void expect_unharmed(sqlite3 *db)
{
    sql_test_expect(db, "SELECT s FROM secret", "'hidden'");
    sql_test_expect(db, "SELECT count(*), sum(p) FROM t", ROWS "|72006000");
    sql_test_expect(db, "PRAGMA user_version", "0");
    sql_test_expect(db, "SELECT group_concat(name) FROM pragma_database_list WHERE name <> 'temp'", "'main'");
    sql_test_expect(db, "SELECT parallel_map_config('workers')", "2");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map('t', 'p')", ROWS);
}

static void maps_that_reach_out(void **state)
{
    MapTest *test = *state;
    open_file(test, "t.db");
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        char *sql = sqlite3_mprintf("SELECT * FROM parallel_map('t', %Q)", expressions[i].text);
        expect_refused(test->db, sql, expressions[i].why);
        sqlite3_free(sql);
    }
    /* Texts that only resemble it. */
    static const char *const harmless[] = {"'; DROP TABLE secret --'",
                                           "p /* ; ) FROM secret */ + 1",
                                           "p -- ; )",
                                           "p IS NOT DISTINCT FROM 3",
                                           "(SELECT value FROM json_each('[7]'))",
                                           "(SELECT x FROM (SELECT 7 AS x))",
                                           "p IN (1, 2, 3)",
                                           "[p]",
                                           "`p`"};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        map_test_value(test, "t", "rowid", harmless[i]);
    expect_unharmed(test->db);
}

/* SQLite hands the arguments of a virtual table over as text, cut at its commas outside of brackets. */
static void arguments_that_reach_out(void **state)
{
    MapTest *test = *state;
    open_file(test, "t.db");
    static const char *const forms[] = {"map = (p), where = (%s)", "map = (%s)",
                                        "partial = 1, map = (count(*)), group_by = (%s)"};
    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++)
        for (size_t i = 0; i < EXPRESSIONS; i++) {
            char *arguments = sqlite3_mprintf(forms[form], expressions[i].text);
            char *sql =
                sqlite3_mprintf("CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, %s)", arguments);
            /* Made when it is first read, where the text alone shows nothing. */
            if (sqlite3_exec(test->db, sql, NULL, NULL, NULL) == SQLITE_OK) {
                if (sqlite3_exec(test->db, "SELECT * FROM m", NULL, NULL, NULL) == SQLITE_OK)
                    fail_msg("%s: is not refused", sql);
                sql_test_run(test->db, "DROP TABLE temp.m");
            }
            sqlite3_free(sql);
            sqlite3_free(arguments);
        }
    expect_unharmed(test->db);
}

static void sources_that_reach_out(void **state)
{
    MapTest *test = *state;
    open_file(test, "t.db");
    static const Attempt sources[] = {
        {"SELECT p FROM t; DROP TABLE secret", "two statements"},
        {"SELECT p FROM t; SELECT 1", "two statements"},
        {"t; DROP TABLE secret", "expected a table's name or a SELECT"},
        {"t WHERE 0", "expected a table's name or a SELECT"},
        {"main.t.p", "expected a table's name or a SELECT"},
        {"DELETE FROM secret RETURNING s", "expected a table's name or a SELECT"},
        {"UPDATE secret SET s = 1 RETURNING s", "expected a table's name or a SELECT"},
        {"PRAGMA user_version = 7", "expected a table's name or a SELECT"},
        {"ATTACH ':memory:' AS x", "expected a table's name or a SELECT"},
        {"EXPLAIN SELECT 1", "expected a table's name or a SELECT"},
        {"WITH x AS (SELECT 1) DELETE FROM secret RETURNING s", "it must only read"},
        {"WITH x AS (SELECT 1) INSERT INTO secret SELECT 1 RETURNING s", "it must only read"},
        {"SELECT ?1", "parameters cannot be bound"},
        {"SELECT p FROM t /* open", "not closed"},
        {"SELECT p FROM t) --", "syntax error"},
        {"SELECT 'p", "unrecognized token"},
        {"SELECT load_extension('x')", "not authorized"},
        {"\"t", "not closed"},
        {"", "source is empty"},
        {"()", "source"},
    };
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        char *sql = sqlite3_mprintf("SELECT * FROM parallel_map(%Q, '1')", sources[i].text);
        if (strcmp(sources[i].text, "\"t") != 0)
            expect_refused(test->db, sql, sources[i].why);
        sqlite3_free(sql);
    }
    map_test_same(test->db, "SELECT p FROM t LIMIT 3",
                  "SELECT value FROM parallel_map('SELECT p FROM t LIMIT 3 -- ; DROP TABLE secret', 'p')");
    map_test_same(test->db, "SELECT p FROM t LIMIT 3",
                  "SELECT value FROM parallel_map('SELECT p FROM t LIMIT 3 ; ', 'p')");
    expect_unharmed(test->db);
}

static const char *const names[] = {
    "a\"b",
    "\"",
    "a'b",
    "a b",
    "a;b",
    "a--b",
    "a/*b",
    "é\xff",
    "%s%n%d",
    "select",
    "a\nb",
    "]",
    "`",
    "chunk",
    "rowid",
    "?",
    "$x",
    "(",
    ")",
    "",
    "source",
    "pricemap after",
    "pricemap before",
    "a\tb",
    "\xef\xbb\xbfx",
    "NULL",
    "1",
    "a.b",
    "x\"\"; DROP TABLE secret; --",
    "pricemap_trace",
    "pricemap_bound",
};

static void names_stay_in_their_quotes(void **state)
{
    MapTest *test = *state;
    open_file(test, "t.db");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *other = names[(i + 1) % (sizeof names / sizeof *names)];
        map_test_run(test->db, "CREATE TABLE \"%w\"(\"%w\" TEXT COLLATE NOCASE, \"%w\")", names[i], names[i],
                     other);
        map_test_run(test->db, "INSERT INTO \"%w\" SELECT 'A' || p, p FROM t", names[i]);
        char *table = sqlite3_mprintf("\"%w\"", names[i]),
             *list = sqlite3_mprintf("\"%w\" = 'a7' AS \"%w\", \"%w\"."
                                     "\"%w\"",
                                     names[i], other, names[i], other);
        map_test_list(test, table, "*");
        map_test_list(test, table, list);
        char *access =
            sql_test_rows(test->db, "SELECT access, reason FROM parallel_map_runs ORDER BY run DESC LIMIT 1");
        if (!strstr(access, "partition"))
            fail_msg("%s: %s", names[i], access);
        sqlite3_free(access);
        char *query = sqlite3_mprintf("(SELECT * FROM main.%s)", table);
        map_test_list(test, query, "*");
        expect_access(test->db, "feed");
        map_test_run(test->db, "DROP TABLE %s", table);
        sqlite3_free(query);
        sqlite3_free(list);
        sqlite3_free(table);
    }
    expect_unharmed(test->db);
}

/* Files and schemas of such names, read by workers through the path's URI, and by the host. */
static void files_of_any_name(void **state)
{
    MapTest *test = *state;
    static const char *const files[] = {
        "a?mode=memory&cache=shared",
        "a#b.db",
        "100%25 %41.db",
        "a&vfs=none",
        "it's \"a\".db",
        "a;b--.db",
        "a\nb.db",
        "a+b=c.db",
        "é\xff.db",
        "file:x",

        ":memory:x",
        "[x]",
        "\\x",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (int wal = 0; wal < 2; wal++) {
            char *path = map_test_path(test, files[i]);
            const char *schema = names[i] && *names[i] ? names[i] : "x";
            map_test_run(test->db, "ATTACH %Q AS \"%w\"; PRAGMA \"%w\".journal_mode = %s", path, schema,
                         schema, wal ? "wal" : "delete");
            map_test_run(
                test->db,
                "CREATE TABLE \"%w\".t AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
                " WHERE i < " ROWS ") SELECT i AS p FROM n",
                schema);
            map_test_run(
                test->db,
                "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = \"%w\".t, map = (p + 1 AS x))",
                schema);
            sql_test_expect(test->db, "SELECT count(*), sum(x) FROM m", ROWS "|72018000");
            expect_access(test->db, "partition");
            map_test_run(test->db, "DROP TABLE m; DROP TABLE \"%w\".t", schema);
            map_test_run(test->db, "DETACH \"%w\"", schema);
            assert_int_equal(access(path, F_OK), 0);
            sqlite3_free(path);
        }
}

static int ignore_column(void *arg, int action, const char *table, const char *column, const char *schema,
                         const char *via)
{
    (void)arg;
    (void)table;
    (void)schema;
    (void)via;
    return action == SQLITE_READ && !strcmp(column, "secret") ? SQLITE_IGNORE : SQLITE_OK;
}

static void host_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_text(context, "host", -1, SQLITE_STATIC);
}

/* Workers do not read a table themselves where they would see or call what the host does not. */
static void what_the_file_computes_is_left_to_the_host(void **state)
{
    MapTest *test = *state;
    sqlite3 *db;
    open_file(test, "t.db");
    db = test->db;
    sql_test_run(db, "CREATE TABLE g(secret, a, c AS (upper(a) || a), s AS (lower(a) || a) STORED);"
                     "INSERT INTO g(secret, a) SELECT 'S' || p, 'a' || p FROM t");
    map_test_list(test, "g", "secret, a, s");
    expect_access(db, "partition");
    map_test_list(test, "g", "secret, c");
    expect_access(db, "feed");
    sqlite3_set_authorizer(db, ignore_column, NULL);
    static const char *const lists[] = {"secret, c", "secret, a", "secret, s, c, a"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char *sql = sqlite3_mprintf("CREATE VIRTUAL TABLE temp.m USING parallel_map(source = g, map = (%s))",
                                    lists[i]);
        sql_test_run(db, sql);
        sql_test_expect(db, "SELECT count(*), count(secret) FROM m", ROWS "|0");
        sql_test_run(db, "DROP TABLE m");
        sqlite3_free(sql);
    }
    sqlite3_set_authorizer(db, NULL, NULL);
    assert_int_equal(sqlite3_create_function(db, "upper", 1,
                                             SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                             host_function, NULL, NULL),
                     SQLITE_OK);
    map_test_list(test, "g", "c");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map('g', 'c LIKE ''hosta%''') WHERE value", ROWS);
}

/* A column that is called as the rowid is, and says nothing about it. */
static void columns_that_hide_the_rowid(void **state)
{
    MapTest *test = *state;
    open_file(test, "t.db");
    sql_test_run(test->db,
                 "CREATE TABLE h(rowid INTEGER, oid, p); INSERT INTO h SELECT p + 1, 'x', p FROM t");
    map_test_list(test, "h", "rowid, p, _rowid_ AS r");
    expect_access(test->db, "partition");
    map_test_value(test, "h", "_rowid_", "rowid + p");
    sql_test_expect(test->db, "SELECT count(*) FROM parallel_map('h', 'p')", ROWS);
}

/* IN with a name is a subquery, whichever way the rows come. */
static void a_source_called_chunk(void **state)
{
    MapTest *test = *state;
    open_file(test, "t.db");
    sql_test_run(test->db, "ALTER TABLE t RENAME TO chunk");
    map_test_value(test, "chunk", "rowid", "p + chunk.p");
    expect_access(test->db, "partition");
    sql_test_expect_error(test->db, "SELECT * FROM parallel_map('chunk', 'p IN chunk')", SQLITE_ERROR,
                          "a subquery of the map reads the source: it would see one chunk only (row 1)");
}

/* Where SQLite refuses to make such an object, it is written into the schema by hand. */
static const char hostile_schema[] =
    "PRAGMA writable_schema = 1;"
    "INSERT INTO sqlite_schema VALUES"
    " ('view', 'v', 'v', 0, 'CREATE VIEW v AS SELECT value FROM parallel_map(''secret'', ''s'')'),"
    " ('view', 'vc', 'vc', 0, 'CREATE VIEW vc AS SELECT parallel_map_config(''workers'', 7) AS x'),"
    " ('trigger', 'tr', 'hit', 0, 'CREATE TRIGGER tr AFTER INSERT ON hit BEGIN"
    "   SELECT parallel_map_config(''workers'', 7); END'),"
    " ('trigger', 'tm', 'hit', 0, 'CREATE TRIGGER tm AFTER DELETE ON hit BEGIN"
    "   SELECT count(*) FROM parallel_map(''secret'', ''s''); END');"
    "UPDATE sqlite_schema SET sql = 'CREATE TABLE def(a, b DEFAULT (parallel_map_config(''workers'', 7)))'"
    " WHERE name = 'def';"
    "UPDATE sqlite_schema SET sql = 'CREATE TABLE price(p, r, q AS (increase_price(p)))' WHERE name = "
    "'price';"
    "PRAGMA writable_schema = 0;";

/* These make the whole schema unreadable. */
static const char *const unreadable[] = {
    "UPDATE sqlite_schema SET sql = 'CREATE TABLE gen(a CHECK (parallel_map_config(''workers'', 7)))' WHERE "
    "name = 'gen'",
    "UPDATE sqlite_schema SET sql = 'CREATE TABLE gen(a CHECK (parallel_map_load(''/x.so'')))' WHERE name = "
    "'gen'",
    "UPDATE sqlite_schema SET sql = 'CREATE TABLE gen(a, b AS (parallel_map_config(''workers'', 7)))' WHERE "
    "name = 'gen'",
    "UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON idx(parallel_map_config(''workers'', 7))' WHERE name "
    "= 'i'",
    "UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON idx(a) WHERE parallel_map_config(''workers'', 7)' "
    "WHERE name = 'i'",
};

static void make_hostile_file(const char *path)
{
    sqlite3 *plain = sql_test_open_plain(path);
    sqlite3_db_config(plain, SQLITE_DBCONFIG_DEFENSIVE, 0, (int *)NULL);
    sql_test_run(plain, "CREATE TABLE secret(s); INSERT INTO secret VALUES ('hidden');"
                        "CREATE TABLE hit(a); INSERT INTO hit VALUES (1);"
                        "CREATE TABLE def(a); CREATE TABLE price(p, q); INSERT INTO price(p) VALUES (100)");
    sql_test_run(plain, hostile_schema);
    sql_test_close(&plain);
}

static void an_unreadable_schema_calls_nothing(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "hostile.db");
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
        unlink(path);
        sqlite3 *plain = sql_test_open_plain(path);
        sqlite3_db_config(plain, SQLITE_DBCONFIG_DEFENSIVE, 0, (int *)NULL);
        sql_test_run(plain,
                     "CREATE TABLE gen(a); CREATE TABLE idx(a); CREATE INDEX i ON idx(a);"
                     "INSERT INTO gen VALUES (1); INSERT INTO idx VALUES (1); PRAGMA writable_schema = 1");
        sql_test_run(plain, unreadable[i]);
        sql_test_close(&plain);
        /* From 3.53 on no statement with a function can be prepared there, ours for the test's settings
         * neither. */
        sqlite3 *victim = sql_test_open_file(path);
        expect_refused(victim, "SELECT * FROM gen", "malformed database schema");
        expect_refused(victim, "INSERT INTO gen VALUES (1)", "malformed database schema");
        expect_refused(victim, "SELECT * FROM parallel_map('gen', 'a')", "malformed database schema");
        expect_refused(victim, "SELECT * FROM parallel_map('SELECT a FROM idx WHERE a', 'a')",
                       "malformed database schema");
        sql_test_close(&victim);
    }
    sqlite3_free(path);
}

static void a_hostile_file_calls_nothing(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "hostile.db");
    make_hostile_file(path);
    static const char *const touching[] = {
        "SELECT * FROM v",
        "SELECT * FROM vc",
        "INSERT INTO hit VALUES (2)",
        "DELETE FROM hit",
        "INSERT INTO def(a) VALUES (1)",
        "SELECT * FROM parallel_map('v', 'value')",
        "SELECT * FROM parallel_map('vc', 'x')",
        "SELECT * FROM parallel_map('SELECT * FROM vc', 'x')",
    };
    /* 0: as SQLite is; 1: trusted_schema off; 2: defensive as well. */
    for (int caution = 0; caution < 3; caution++) {
        sqlite3 *victim = map_test_open(test, path);
        sqlite3_db_config(victim, SQLITE_DBCONFIG_TRUSTED_SCHEMA, caution < 1, (int *)NULL);
        sqlite3_db_config(victim, SQLITE_DBCONFIG_DEFENSIVE, caution == 2, (int *)NULL);
        for (size_t i = 0; i < sizeof touching / sizeof *touching; i++)
            if (sqlite3_exec(victim, touching[i], NULL, NULL, NULL) == SQLITE_OK)
                fail_msg("%s: is not refused (caution %d)", touching[i], caution);
        sql_test_expect(victim, "SELECT parallel_map_config('workers')", "2");
        sql_test_expect(victim, "SELECT count(*) FROM parallel_map_runs WHERE source LIKE '%secret%'", "0");
        /* What is harmless in it goes on as always. */
        sql_test_expect(victim, "SELECT value FROM parallel_map('secret', 's')", "'hidden'");
        sql_test_expect(victim, "SELECT value FROM parallel_map('price', 'q')", "110.0");
        sql_test_close(&victim);
    }
    sqlite3_free(path);
}

/* A connection that may not write, and one that protects its schema. */
static void careful_hosts(void **state)
{
    MapTest *test = *state;
    open_file(test, "t.db");
    sqlite3_db_config(test->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(test->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    map_test_list(test, "t", "increase_price(p), p");
    expect_access(test->db, "partition");
    sql_test_run(test->db, "PRAGMA query_only = 1");
    map_test_value(test, "t", "rowid", "increase_price(p)");
    expect_refused(test->db, "SELECT * FROM parallel_map('DELETE FROM t RETURNING p', 'p')",
                   "expected a table's name");
    expect_refused(test->db, "INSERT INTO secret SELECT value FROM parallel_map('t', 'p')", "readonly");
    expect_unharmed(test->db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(maps_that_reach_out),
        MAP_TEST(arguments_that_reach_out),
        MAP_TEST(sources_that_reach_out),
        MAP_TEST_WITH(names_stay_in_their_quotes, "threads"),
        MAP_TEST_WITH(names_stay_in_their_quotes, "processes"),
        MAP_TEST_WITH(files_of_any_name, "threads"),
        MAP_TEST_WITH(files_of_any_name, "processes"),
        MAP_TEST_WITH(what_the_file_computes_is_left_to_the_host, "threads"),
        MAP_TEST_WITH(what_the_file_computes_is_left_to_the_host, "processes"),
        MAP_TEST_WITH(columns_that_hide_the_rowid, "threads"),
        MAP_TEST_WITH(columns_that_hide_the_rowid, "processes"),
        MAP_TEST_WITH(a_source_called_chunk, "threads"),
        MAP_TEST_WITH(a_source_called_chunk, "processes"),
        MAP_TEST_EACH(a_hostile_file_calls_nothing),
        MAP_TEST(an_unreadable_schema_calls_nothing),
        MAP_TEST_EACH(careful_hosts),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
