/* What a map may name and what it may not, what the host forbids, and which statements may call parallel_map
 * at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

static void refused_functions(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    static const char *const refused[][2] = {
        {"changes()", "changes"},
        {"Total_Changes()", "total_changes"},
        {"last_insert_rowid()", "last_insert_rowid"},
        {"p + (SELECT changes())", "changes"},
        {"load_extension('x')", "load_extension"},
        {"sqlite_log(1, p)", "sqlite_log"},
        {"rtreecheck('main', 'prices')", "rtreecheck"},
        {"fts3_tokenizer('simple')", "fts3_tokenizer"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char *message =
            sqlite3_mprintf("parallel_map: map: %s() has no place in a map: it is about a connection, not "
                            "about values",
                            refused[i][1]);
        map_test_expect_map_error(db, refused[i][0], SQLITE_ERROR, message);
        sqlite3_free(message);
    }
}

static void expect_refused_in_words(sqlite3 *db, const char *sql, const char *map)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK ||
        (!strstr(sqlite3_errmsg(db), "a map reads nothing but the columns of its source") &&
         !strstr(sqlite3_errmsg(db), "a map only computes")))
        fail_msg("%s: %d, %s", map, rc, sqlite3_errmsg(db));
}

/* In whatever way a map or its condition names the table. */
static void expect_refused_table(sqlite3 *db, const char *table)
{
    static const char *const maps[] = {"(SELECT count(*) FROM %s)",
                                       "(SELECT 1 FROM %s)",
                                       "EXISTS (SELECT * FROM %s)",
                                       "(WITH c AS (SELECT 1 FROM %s) SELECT count(*) FROM c)",
                                       "(SELECT count(*) FROM json_each('[1]'), %s)",
                                       "p + (SELECT count(*) FROM (SELECT 1 FROM %s LIMIT 1))"};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        char *map = sqlite3_mprintf(maps[i], table);
        char *sql = sqlite3_mprintf("SELECT * FROM parallel_map('prices', %Q)", map);
        expect_refused_in_words(db, sql, map);
        sqlite3_free(sql);
        sql = sqlite3_mprintf("CREATE VIRTUAL TABLE temp.w USING parallel_map(source = prices, map = (p),"
                              " where = (%s)); SELECT * FROM w",
                              map);
        expect_refused_in_words(db, sql, map);
        sqlite3_free(sql);
        sqlite3_free(map);
        sql_test_run(db, "DROP TABLE IF EXISTS temp.w");
    }
}

static void refused_tables(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    /* Tables that this SQLite lacks are refused in the same words. */
    static const char *const tables[] = {
        "sqlite_master",     "sqlite_schema",        "main.sqlite_master",      "sqlite_temp_master",
        "pragma_table_list", "pragma_database_list", "pragma_function_list",    "dbstat",
        "fts3tokenize",      "bytecode('SELECT 1')", "tables_used('SELECT 1')", "sqlite_stmt",
        "sqlite_dbpage",     "generate_series(1,3)", "parallel_map_runs"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        expect_refused_table(db, tables[i]);
    map_test_expect_map_error(db, "(SELECT count(*) FROM chunk)", SQLITE_ERROR,
                              "a subquery of the map reads the source: it would see one chunk only (row 1)");
    map_test_expect_map_error(db, "p IN (SELECT p FROM chunk)", SQLITE_ERROR,
                              "a subquery of the map reads the source: it would see one chunk only (row 1)");
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.w USING parallel_map(source = prices, map = (p), where = "
                     "((SELECT count(*) FROM chunk) > 0))");
    sql_test_expect_error(db, "SELECT * FROM w", SQLITE_ERROR,
                          "a subquery of the map reads the source: it would see one chunk only (row 1)");
}

static void host_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_text(context, "host", -1, SQLITE_STATIC);
}

static void functions_of_the_host(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    static const char overridden[] =
        "parallel_map: map: %s() was defined by the host on this connection; workers would call another "
        "function of "
        "that name. Put it into an extension and load that into workers with parallel_map_load(path)";
    map_test_prices(db);
    map_test_value(test, "prices", "rowid", "upper(p)");
    assert_int_equal(sqlite3_create_function(db, "upper", 1, SQLITE_UTF8, NULL, host_function, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_create_function(db, "like", 2, SQLITE_UTF8, NULL, host_function, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_create_function(db, "mine", 0, SQLITE_UTF8, NULL, host_function, NULL, NULL),
                     SQLITE_OK);
    char *message = sqlite3_mprintf(overridden, "upper");
    /* Planned before the host defined it, and with another letter case. */
    map_test_expect_map_error(db, "upper(p)", SQLITE_ERROR, message);
    sqlite3_free(message);
    message = sqlite3_mprintf(overridden, "like");
    map_test_expect_map_error(db, "p LIKE 'x'", SQLITE_ERROR, message);
    sqlite3_free(message);
    map_test_expect_map_error(
        db, "mine()", SQLITE_ERROR,
        "parallel_map: map: no such function: mine: it was defined by this program, or loaded into this "
        "connection alone; put it into an extension and load that into workers with parallel_map_load(path)");
    map_test_value(test, "prices", "rowid", "lower(p)");
    /* The source is the host's: there its functions are. */
    map_test_value(test, "(SELECT upper(p) || mine() AS p FROM prices)", NULL, "p || 'x'");
}

/* The host puts another function in the place of one of pricemap's own. */
static void own_functions_replaced(void **state)
{
    MapTest *test = *state;
    map_test_prices(test->db);
    map_test_value(test, "prices", "rowid", "increase_price(p)");
    assert_int_equal(
        sqlite3_create_function(test->db, "increase_price", 1, SQLITE_UTF8, NULL, host_function, NULL, NULL),
        SQLITE_OK);
    map_test_expect_map_error(
        test->db, "increase_price(p)", SQLITE_ERROR,
        "parallel_map: map: increase_price() was defined by the host on this connection; workers would call "
        "another function of that name. Put it into an extension and load that into workers with "
        "parallel_map_load(path)");
}

static void host_sum(sqlite3_context *context)
{
    sqlite3_result_text(context, "host", -1, SQLITE_STATIC);
}

static void expect_host_function(sqlite3 *db, const char *map, const char *name)
{
    char *message = sqlite3_mprintf(
        "parallel_map: map: %s() was defined by the host on this connection; workers would call another "
        "function of that name. Put it into an extension and load that into workers with "
        "parallel_map_load(path)",
        name);
    map_test_expect_map_error(db, map, SQLITE_ERROR, message);
    sqlite3_free(message);
}

/* SQLite lets no statement expire where a host defines a function in another encoding than the one that has
   the name, and calls that function from then on: in the map, in the source, as an aggregate. */
static void functions_in_another_encoding(void **state)
{
    static const struct {
        const char *map, *name;
        int arguments, encoding;
    } scalars[] = {{"upper(p)", "upper", 1, SQLITE_UTF16LE},
                   {"abs(p)", "abs", 1, SQLITE_UTF16BE},
                   {"printf('%s', p)", "printf", -1, SQLITE_UTF16LE}};
    static const char lower[] =
        "SELECT value FROM parallel_map('SELECT lower(''A'') AS p FROM prices LIMIT 1', 'p || 1')";
    MapTest *test = *state;
    sqlite3 *db = test->db;
    map_test_prices(db);
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        /* A plan is made first, and kept. */
        map_test_value(test, "prices", "rowid", scalars[i].map);
        assert_int_equal(sqlite3_create_function(db, scalars[i].name, scalars[i].arguments,
                                                 scalars[i].encoding, NULL, host_function, NULL, NULL),
                         SQLITE_OK);
        expect_host_function(db, scalars[i].map, scalars[i].name);
    }
    sql_test_expect(db, lower, "'a1'");
    assert_int_equal(sqlite3_create_function(db, "lower", 1, SQLITE_UTF16, NULL, host_function, NULL, NULL),
                     SQLITE_OK);
    sql_test_expect(db, lower, "'host1'");
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.part USING parallel_map(source = prices, partial = 1, "
                     "map = (sum(rowid) AS s))");
    sql_test_run(db, "SELECT count(s) FROM part");
    assert_int_equal(sqlite3_create_function(db, "sum", 1, SQLITE_UTF16, NULL, NULL, host_function, host_sum),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT count(s) FROM part", NULL, NULL, NULL), SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(db), "sum() was defined by the host on this connection"));
}

static int connections;

static int count_connection(sqlite3 *db, char **message, const void *routines)
{
    (void)db;
    (void)message;
    (void)routines;
    connections++;
    return SQLITE_OK;
}

/* What an extension defines is found out once: later maps open one connection each, for the map itself. */
static void extensions_are_read_once(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    map_test_allow_extensions(db, 1);
    sql_test_run(db, "SELECT parallel_map_load('" TINY_EXTENSION "', 'sqlite3_tiny_pair_init')");
    assert_int_equal(sqlite3_load_extension(db, TINY_EXTENSION, "sqlite3_tiny_pair_init", NULL), SQLITE_OK);
    map_test_allow_extensions(db, 0);
    sql_test_run(db, "SELECT value FROM parallel_map('prices', 'tiny_one(1)', 'serial')");
    connections = 0;
    assert_int_equal(sqlite3_auto_extension((void (*)(void))count_connection), SQLITE_OK);
    sql_test_run(db, "SELECT value FROM parallel_map('prices', 'tiny_one(2)', 'serial')");
    sql_test_run(db, "SELECT value FROM parallel_map('prices', 'tiny_two(3)', 'serial')");
    sqlite3_cancel_auto_extension((void (*)(void))count_connection);
    assert_int_equal(connections, 2);
}

static void all_functions_of_the_extension(void **state)
{
    MapTest *test = *state;
    map_test_prices(test->db);
    map_test_list(test, "prices", "increase_price(p), increase_price_crazy(p, 10, 10), pricemap_version()");
}

static int compare_backwards(void *arg, int a_bytes, const void *a, int b_bytes, const void *b)
{
    (void)arg;
    int order = memcmp(b, a, (size_t)(a_bytes < b_bytes ? a_bytes : b_bytes));
    return order ? order : b_bytes - a_bytes;
}

static void collations_of_the_host(void **state)
{
    MapTest *test = *state;
    static const char help[] =
        "parallel_map: map: no such collation sequence: backwards: workers have SQLite's own "
        "collations; parallel_map_load(path) loads an extension into them, and a source of "
        "(SELECT …) can leave a column out";
    sqlite3_create_collation(test->db, "backwards", SQLITE_UTF8, NULL, compare_backwards);
    sql_test_run(
        test->db,
        "CREATE TABLE prices(a TEXT COLLATE backwards, p); INSERT INTO prices VALUES ('a', 1), ('b', 2)");
    map_test_expect_map_error(test->db, "a < 'b'", SQLITE_ERROR, help);
    map_test_expect_map_error(test->db, "p COLLATE backwards < 'b'", SQLITE_ERROR, help);
    map_test_value(test, "(SELECT p FROM prices ORDER BY a)", NULL, "p + 1");
}

static void loaded_extensions(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    map_test_prices(db);
    sql_test_expect_error(
        db, "SELECT parallel_map_load('" TINY_EXTENSION "')", SQLITE_ERROR,
        "parallel_map_load: this connection does not allow loading extensions: the host has to enable "
        "it first");
    map_test_allow_extensions(db, 1);
    sql_test_expect_error(db, "SELECT parallel_map_load('')", SQLITE_ERROR,
                          "parallel_map_load: path is empty: expected the path of an extension");
    sql_test_expect_error(db, "SELECT parallel_map_load(NULL)", SQLITE_ERROR,
                          "parallel_map_load: path is NULL: expected the path of an extension");
    sql_test_expect_error(db, "SELECT parallel_map_load('" TINY_EXTENSION "', 'sqlite3_tiny_failing_init')",
                          SQLITE_ERROR,
                          "parallel_map_load: " TINY_EXTENSION ": error during initialization: tiny trouble");
    assert_int_equal(sqlite3_exec(db, "SELECT parallel_map_load('/nowhere/ext')", NULL, NULL, NULL),
                     SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(db),
                           "parallel_map_load: /nowhere/ext: /nowhere/ext: cannot open shared object"));
    assert_int_equal(sqlite3_exec(db, "SELECT parallel_map_load('/nowhere/ext.so')", NULL, NULL, NULL),
                     SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(db),
                           "parallel_map_load: /nowhere/ext.so: /nowhere/ext.so: cannot open shared object"));
    assert_int_equal(
        sqlite3_exec(db, "SELECT parallel_map_load('" TINY_EXTENSION "', 'no_such_entry')", NULL, NULL, NULL),
        SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(db), "no_such_entry"));
    map_test_expect_map_error(
        db, "tiny_double(p)", SQLITE_ERROR,
        "parallel_map: map: no such function: tiny_double: workers have SQLite's own functions and "
        "pricemap's; parallel_map_load(path) loads an extension into them");
    sql_test_run(db, "SELECT parallel_map_load('" TINY_EXTENSION "')");
    map_test_allow_extensions(db, 0);
    map_test_same(db, "SELECT id, p * 2.0 FROM prices",
                  "SELECT key, value FROM parallel_map('prices', 'tiny_double(p)')");
    map_test_same(db, "SELECT 'b' > ('a' || p), 1 FROM prices",
                  "SELECT value, 1 FROM parallel_map('prices', '''b'' < (''a'' || p) COLLATE tiny_reverse')");
    /* The host itself got nothing of it. */
    sql_test_expect_error(db, "SELECT tiny_double(1)", SQLITE_ERROR, "no such function: tiny_double");
}

/* Defined by the test as a host would. */
static void define(sqlite3 *db, const char *name, int flags)
{
    assert_int_equal(
        sqlite3_create_function(db, name, 1, SQLITE_UTF8 | flags, NULL, host_function, NULL, NULL),
        SQLITE_OK);
}

/* A name is the same function in the host and in workers, or is refused; whichever of them has another one.
 */
static void extension_in_one_place_only(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    static const char in_workers[] =
        "parallel_map: map: upper() is SQLite's own on this connection, and in workers the function of an "
        "extension "
        "that was named with parallel_map_load: load that extension into this connection as well";
    static const char in_both[] = "parallel_map: map: %s() is a function of the host on this connection, and "
                                  "in workers the function of an "
                                  "extension that was named with parallel_map_load: load that extension into "
                                  "this connection as well, and "
                                  "define no other function of its names";
    map_test_prices(db);
    map_test_value(test, "prices", "rowid", "upper(p)");
    map_test_allow_extensions(db, 1);
    sql_test_run(db, "SELECT parallel_map_load('" TINY_EXTENSION "', 'sqlite3_tiny_upper_init')");
    map_test_expect_map_error(db, "upper(p)", SQLITE_ERROR, in_workers);
    map_test_value(test, "prices", "rowid", "lower(p)");
    /* In both: that is what was requested. */
    assert_int_equal(sqlite3_load_extension(db, TINY_EXTENSION, "sqlite3_tiny_upper_init", NULL), SQLITE_OK);
    map_test_value(test, "prices", "rowid", "upper(p)");
    sql_test_expect(db, "SELECT DISTINCT value FROM parallel_map('prices', 'upper(p)')", "'tiny'");
    sql_test_run(db, "SELECT parallel_map_load('" TINY_EXTENSION "')");
    map_test_value(test, "prices", "rowid", "upper(p)");
    map_test_same(db, "SELECT id, p * 2.0 FROM prices",
                  "SELECT key, value FROM parallel_map('prices', 'tiny_double(p)')");
    /* The host has a function of its own under the name of one of the extension's. */
    define(db, "tiny_double", 0);
    char *message = sqlite3_mprintf(in_both, "tiny_double");
    map_test_expect_map_error(db, "tiny_double(p)", SQLITE_ERROR, message);
    sqlite3_free(message);
    assert_int_equal(sqlite3_load_extension(db, TINY_EXTENSION, NULL, NULL), SQLITE_OK);
    map_test_value(test, "prices", "rowid", "tiny_double(p)");
    /* Also with the flags of the extension's, where that has other functions that the host has not. */
    sql_test_run(db, "SELECT parallel_map_load('" TINY_EXTENSION "', 'sqlite3_tiny_pair_init')");
    define(db, "tiny_one", SQLITE_DETERMINISTIC);
    message = sqlite3_mprintf(in_both, "tiny_one");
    map_test_expect_map_error(db, "tiny_one(p)", SQLITE_ERROR, message);
    sqlite3_free(message);
    assert_int_equal(sqlite3_load_extension(db, TINY_EXTENSION, "sqlite3_tiny_pair_init", NULL), SQLITE_OK);
    map_test_value(test, "prices", "rowid", "tiny_one(p) + tiny_two(p)");
    define(db, "tiny_one", 0);
    message = sqlite3_mprintf(in_both, "tiny_one");
    map_test_expect_map_error(db, "tiny_one(p)", SQLITE_ERROR, message);
    sqlite3_free(message);
}

/* It was there when it was named, and is not when the workers begin. */
static void extension_that_went_away(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "gone.so");
    char *expected = sqlite3_mprintf("parallel_map: map: parallel_map_load: %s: ", path);
    map_test_prices(test->db);
    map_test_allow_extensions(test->db, 1);
    assert_int_equal(symlink(TINY_EXTENSION ".so", path), 0);
    map_test_run(test->db, "SELECT parallel_map_load(%Q, 'sqlite3_tinyextension_init')", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(
        sqlite3_exec(test->db, "SELECT * FROM parallel_map('prices', 'tiny_double(p)')", NULL, NULL, NULL),
        SQLITE_ERROR);
    if (strncmp(sqlite3_errmsg(test->db), expected, strlen(expected)) != 0 ||
        !strstr(sqlite3_errmsg(test->db), "cannot open shared object file"))
        fail_msg("expected %s…, got %s", expected, sqlite3_errmsg(test->db));
    sqlite3_free(expected);
    sqlite3_free(path);
}

/* It loads in the host, and in no worker process. */
static void extension_that_worker_processes_refuse(void **state)
{
    MapTest *test = *state;
    static const char sql[] = "SELECT * FROM parallel_map('prices', 'tiny_double(p)')";
    static const char expected[] = "parallel_map_load: " TINY_EXTENSION
                                   ": error during initialization: tiny trouble in a worker process";
    map_test_prices(test->db);
    map_test_allow_extensions(test->db, 1);
    sql_test_run(test->db, "SELECT parallel_map_load('" TINY_EXTENSION "', 'sqlite3_tiny_shy_init')");
    if (strcmp(test->executor, "processes") == 0)
        for (int i = 0; i < 2; i++)
            sql_test_expect_error(test->db, sql, SQLITE_ERROR, expected);
    else
        map_test_same(test->db, "SELECT id, p * 2.0 FROM prices",
                      "SELECT key, value FROM parallel_map('prices', 'tiny_double(p)')");
}

/* What an extension loads into workers are functions: its tables stay out of reach, and a map does not find
 * out that they are there. */
static void tables_of_extensions(void **state)
{
    sqlite3 *db = ((MapTest *)*state)->db;
    map_test_prices(db);
    map_test_allow_extensions(db, 1);
    sql_test_run(db, "SELECT parallel_map_load('" TINY_EXTENSION "', 'sqlite3_tiny_table_init')");
    expect_refused_table(db, "tiny_rows");
    /* A common table expression of that name reads no table. */
    sql_test_expect(db,
                    "SELECT value FROM parallel_map('SELECT 1',"
                    " '(WITH tiny_rows AS (VALUES (1), (2)) SELECT count(*) FROM tiny_rows)')",
                    "2");
}

/* A relative path is the host's, wherever worker processes stand. */
static void extension_by_relative_path(void **state)
{
    MapTest *test = *state;
    char before[4096];
    map_test_prices(test->db);
    assert_non_null(getcwd(before, sizeof before));
    char *folder = sqlite3_mprintf("%s", TINY_EXTENSION);
    *strrchr(folder, '/') = 0;
    assert_int_equal(chdir(folder), 0);
    sqlite3_free(folder);
    map_test_allow_extensions(test->db, 1);
    sql_test_run(test->db, "SELECT parallel_map_load('./tiny_extension')");
    assert_int_equal(chdir("/"), 0);
    map_test_same(test->db, "SELECT id, p * 2.0 FROM prices",
                  "SELECT key, value FROM parallel_map('prices', 'tiny_double(p)')");
    assert_int_equal(chdir(before), 0);
}

static void limits_of_the_host(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    sql_test_run(db, "CREATE TABLE prices(p, a, b, c, d, e, f, g); INSERT INTO prices(p) VALUES ('a'), ('b');"
                     "CREATE VIEW v AS SELECT * FROM prices");
    /* What SQLite's manual advises for untrusted input. */
    static const int advised[][2] = {
        {SQLITE_LIMIT_LENGTH, 1000000},
        {SQLITE_LIMIT_SQL_LENGTH, 100000},
        {SQLITE_LIMIT_COLUMN, 100},
        {SQLITE_LIMIT_EXPR_DEPTH, 10},
        {SQLITE_LIMIT_COMPOUND_SELECT, 3},
        {SQLITE_LIMIT_VDBE_OP, 25000},
        {SQLITE_LIMIT_FUNCTION_ARG, 8},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
        {SQLITE_LIMIT_VARIABLE_NUMBER, 2},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 10},
    };
    for (size_t i = 0; i < sizeof advised / sizeof *advised; i++)
        sqlite3_limit(db, advised[i][0], advised[i][1]);
    map_test_value(test, "prices", "rowid", "upper(p) || 'x'");
    map_test_list(test, "prices", "*");
    map_test_list(test, "v", "*");
    assert_int_equal(sqlite3_limit(db, SQLITE_LIMIT_VARIABLE_NUMBER, -1), 2);
    sql_test_expect_error(db, "SELECT * FROM parallel_map('prices', 'max(1,2,3,4,5,6,7,8,9)')", SQLITE_ERROR,
                          "parallel_map: map: too many arguments on function max");
    sql_test_expect_error(db, "SELECT * FROM parallel_map('prices', '1+1+1+1+1+1+1+1+1+1+1+1')", SQLITE_ERROR,
                          "parallel_map: map: Expression tree is too large (maximum depth 10)");
    sql_test_expect_error(
        db,
        "SELECT * FROM parallel_map('prices', 'p LIKE ''aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaa''')",
        SQLITE_ERROR, "LIKE or GLOB pattern too complex (row 1)");
    /* As many columns as there may be. */
    sqlite3_limit(db, SQLITE_LIMIT_COLUMN, 8);
    map_test_list(test, "prices", "*");
    map_test_list(test, "v", "*");
}

static void double_quoted_strings(void **state)
{
    MapTest *test = *state;
    map_test_prices(test->db);
    sqlite3_db_config(test->db, SQLITE_DBCONFIG_DQS_DML, 1, (int *)NULL);
    map_test_value(test, "prices", "rowid", "p || \"text\"");
    sqlite3_db_config(test->db, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
    /* SQLite's own words, which differ from version to version, and then ours. */
    assert_int_equal(sqlite3_exec(test->db, "SELECT p || \"text\" FROM prices", NULL, NULL, NULL),
                     SQLITE_ERROR);
    char *words = sqlite3_mprintf("parallel_map: map: %s: the source has id, p", sqlite3_errmsg(test->db));
    assert_non_null(strstr(words, "no such column: "));
    sql_test_expect_error(test->db, "SELECT * FROM parallel_map('prices', 'p || \"text\"')", SQLITE_ERROR,
                          words);
    sqlite3_free(words);
}

/* No view, trigger or schema of a file can call parallel_map. */
static void direct_only(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "hostile.db");
    sqlite3 *db = test->db;
    map_test_run(db, "ATTACH %Q AS h", path);
    sql_test_run(db, "CREATE TABLE h.prices(p); INSERT INTO h.prices VALUES (1);"
                     "CREATE VIEW h.v AS SELECT * FROM parallel_map('prices', 'p');"
                     "CREATE VIEW h.c AS SELECT parallel_map_config('workers', 7);"
                     "CREATE VIEW h.l AS SELECT parallel_map_load('x');"
                     "CREATE VIEW h.r AS SELECT * FROM parallel_map_runs;"
                     "CREATE VIEW h.k AS SELECT * FROM parallel_map_tasks;"
                     "CREATE TRIGGER h.g AFTER INSERT ON prices BEGIN"
                     " INSERT INTO prices SELECT value FROM parallel_map('prices', 'p'); END;");
    static const char *const refused[] = {"SELECT * FROM h.v", "SELECT * FROM h.r", "SELECT * FROM h.k",
                                          "INSERT INTO h.prices VALUES (2)",
                                          "SELECT * FROM parallel_map('h.v', 'value')"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(sqlite3_exec(db, refused[i], NULL, NULL, NULL), SQLITE_ERROR);
        if (!strstr(sqlite3_errmsg(db), "unsafe use of virtual table \"parallel_map"))
            fail_msg("%s: %s", refused[i], sqlite3_errmsg(db));
    }
    sql_test_expect_error(db, "SELECT * FROM h.c", SQLITE_ERROR, "unsafe use of parallel_map_config()");
    sql_test_expect_error(db, "SELECT * FROM h.l", SQLITE_ERROR, "unsafe use of parallel_map_load()");
    sql_test_expect(db, "SELECT parallel_map_config('workers')", "2");
    /* The price functions are harmless. */
    sql_test_run(db, "CREATE VIEW h.p AS SELECT increase_price(p), pricemap_version() FROM prices");
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    sql_test_expect(db, "SELECT \"increase_price(p)\" FROM h.p", "1.1");
    map_test_value(test, "h.p", NULL, "\"increase_price(p)\" + 1");
    sql_test_run(db, "DROP TRIGGER h.g");
    map_test_value(test, "h.prices", "rowid", "p + 1");
    /* A file whose schema was written by hand. */
    sql_test_run(db,
                 "PRAGMA writable_schema = 1; INSERT INTO h.sqlite_schema VALUES ('table', 'evil', 'evil', 0,"
                 " 'CREATE VIRTUAL TABLE evil USING parallel_map(source = prices, map = (p))');"
                 "PRAGMA writable_schema = 0; DETACH h");
    sqlite3 *victim = map_test_open(test, path);
    sql_test_expect_error(
        victim, "SELECT * FROM evil", SQLITE_ERROR,
        "parallel_map: a map runs what its text says, so it is kept in no file: write CREATE VIRTUAL "
        "TABLE temp.evil USING parallel_map(…)");
    sql_test_expect(victim, "SELECT count(*) FROM parallel_map('prices', 'p')", "1");
    sql_test_close(&victim);
    sqlite3_free(path);
}

static void hostile_names(void **state)
{
    MapTest *test = *state;
    sql_test_run(test->db, "CREATE TABLE \"x\"\"; DROP TABLE t; --\"(\"a\"\", (SELECT 1))--\", \"b'\");"
                           "INSERT INTO \"x\"\"; DROP TABLE t; --\" VALUES (1, 2); CREATE TABLE t(a)");
    map_test_list(test, "\"x\"\"; DROP TABLE t; --\"", "*");
    map_test_list(test, "\"x\"\"; DROP TABLE t; --\"",
                  "\"a\"\", (SELECT 1))--\" + \"b'\" AS \"c\"\" COLLATE NOCASE\"");
    map_test_value(test, "main.\"x\"\"; DROP TABLE t; --\"", "rowid", "\"b'\"");
    sql_test_expect(test->db, "SELECT count(*) FROM t", "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(refused_functions),
        MAP_TEST_EACH(refused_tables),
        MAP_TEST_EACH(functions_of_the_host),
        MAP_TEST_EACH(own_functions_replaced),
        MAP_TEST_EACH(functions_in_another_encoding),
        MAP_TEST(extensions_are_read_once),
        MAP_TEST_EACH(all_functions_of_the_extension),
        MAP_TEST_EACH(collations_of_the_host),
        MAP_TEST_EACH(loaded_extensions),
        MAP_TEST_EACH(tables_of_extensions),
        MAP_TEST_EACH(extension_in_one_place_only),
        MAP_TEST_EACH(extension_by_relative_path),
        MAP_TEST_EACH(extension_that_went_away),
        MAP_TEST_EACH(extension_that_worker_processes_refuse),
        MAP_TEST_EACH(limits_of_the_host),
        MAP_TEST_EACH(double_quoted_strings),
        MAP_TEST_EACH(direct_only),
        MAP_TEST_EACH(hostile_names),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
