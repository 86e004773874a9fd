/* What the host's own authorizer forbids or ignores, a map does not give out, whenever it was set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

static int deny_column(void *arg, int action, const char *table, const char *column, const char *schema,
                       const char *via)
{
    (void)arg;
    (void)table;
    (void)schema;
    (void)via;
    return action == SQLITE_READ && column && !strcmp(column, "secret") ? SQLITE_DENY : SQLITE_OK;
}

static int deny_function(void *arg, int action, const char *nothing, const char *name, const char *schema,
                         const char *via)
{
    (void)nothing;
    (void)schema;
    (void)via;
    return action == SQLITE_FUNCTION && name && !strcmp(name, arg) ? SQLITE_DENY : SQLITE_OK;
}

static int ignore_column(void *arg, int action, const char *table, const char *column, const char *schema,
                         const char *via)
{
    return deny_column(arg, action, table, column, schema, via) == SQLITE_DENY ? SQLITE_IGNORE : SQLITE_OK;
}

static void authorizers(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    char upper[] = "upper";
    sql_test_run(db, "CREATE TABLE prices(secret, p); INSERT INTO prices VALUES (1, 'a'), (2, 'b')");
    map_test_value(test, "prices", "rowid", "secret || p");
    sqlite3_set_authorizer(db, deny_column, NULL);
    sql_test_expect_error(db, "SELECT * FROM parallel_map('prices', 'secret')", SQLITE_AUTH,
                          "parallel_map: source: access to prices.secret is prohibited");
    sql_test_expect_error(db, "SELECT * FROM parallel_map('SELECT * FROM prices', 'p')", SQLITE_AUTH,
                          "parallel_map: source: access to prices.secret is prohibited");
    map_test_value(test, "(SELECT p FROM prices)", NULL, "p");
    /* A column that a map leaves out may be denied to it, in a table and in a view. */
    sqlite3_exec(db, "CREATE VIEW named AS SELECT p AS secret, p FROM prices", NULL, NULL, NULL);
    map_test_value(test, "prices", "rowid", "p || '!'");
    map_test_value(test, "named", NULL, "p || '!'");
    sql_test_expect_error(db, "SELECT * FROM parallel_map('named', 'secret')", SQLITE_AUTH,
                          "parallel_map: source: access to named.secret is prohibited");
    sqlite3_set_authorizer(db, ignore_column, NULL);
    sql_test_expect(db, "SELECT value FROM parallel_map('prices', 'secret IS NULL')", "1\n1");
    sqlite3_set_authorizer(db, deny_function, upper);
    sql_test_expect_error(db, "SELECT * FROM parallel_map('prices', 'upper(p)')", SQLITE_ERROR,
                          "parallel_map: not authorized to use function: upper");
    map_test_value(test, "prices", "rowid", "lower(p)");
    sqlite3_set_authorizer(db, NULL, NULL);
    map_test_value(test, "prices", "rowid", "upper(p)");
}

/* What an authorizer of the host says about the column `secret`, which may change without a word to SQLite.
 */
static int say_of_secret(void *arg, int action, const char *table, const char *column, const char *schema,
                         const char *via)
{
    (void)table;
    (void)schema;
    (void)via;
    return action == SQLITE_READ && column && !strcmp(column, "secret") ? *(int *)arg : SQLITE_OK;
}

/* The function's form and the table's, each as the plain SELECT, whatever is kept of the maps before. */
static void expect_secret(sqlite3 *db, int said)
{
    static const char *const maps[] = {"SELECT sum(value), count(*) FROM parallel_map('prices', 'secret')",
                                       "SELECT sum(s), count(*) FROM m",
                                       "SELECT sum(value), count(*) FROM parallel_map('v', 'secret')"};
    static const char plain[] = "SELECT sum(secret), count(*) FROM prices";
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
            if (said == SQLITE_DENY) {
                assert_int_equal(sqlite3_exec(db, maps[i], NULL, NULL, NULL), SQLITE_AUTH);
                if (!strstr(sqlite3_errmsg(db), "access to prices.secret is prohibited") &&
                    !strstr(sqlite3_errmsg(db), "access to v.secret is prohibited"))
                    fail_msg("%s: %s", maps[i], sqlite3_errmsg(db));
            } else {
                map_test_same(db, plain, maps[i]);
            }
}

/* Its tables lie in memory and are handed out, or in a file, where workers read them themselves. */
static void authorizer_changes_between_maps(const MapTest *test, const char *path)
{
    static const int all[] = {SQLITE_OK, SQLITE_DENY, SQLITE_IGNORE};
    sqlite3 *db = map_test_open(test, path);
    sql_test_run(db,
                 "CREATE TABLE prices(id INTEGER PRIMARY KEY, secret INT COLLATE NOCASE);"
                 "CREATE VIEW v AS SELECT * FROM prices;"
                 "INSERT INTO prices WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
                 " i < 12000) SELECT i, i FROM n;"
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = prices, map = (id, secret AS s))");
    expect_secret(db, SQLITE_OK);
    for (size_t before = 0; before < sizeof all / sizeof *all; before++)
        for (size_t after = 0; after < sizeof all / sizeof *all; after++) {
            int said = all[before];
            sqlite3_set_authorizer(db, say_of_secret, &said);
            expect_secret(db, said);
            said = all[after];
            expect_secret(db, said);
            sqlite3_set_authorizer(db, NULL, NULL);
            expect_secret(db, SQLITE_OK);
        }
    /* A table that is made while a column is ignored has the column's name, and what it is declared as. */
    int said = SQLITE_IGNORE;
    sqlite3_set_authorizer(db, say_of_secret, &said);
    sql_test_run(db,
                 "DROP TABLE m; CREATE VIRTUAL TABLE temp.m USING parallel_map(source = prices, map = (id, "
                 "secret AS s))");
    expect_secret(db, said);
    sql_test_expect(db, "SELECT min(key), max(key) FROM parallel_map('prices', 'secret')", "1|12000");
    /* ANY is no affinity in a STRICT table, and NUMERIC in another. */
    sqlite3_set_authorizer(db, NULL, NULL);
    sql_test_run(db, "CREATE TABLE strict(secret ANY) STRICT; CREATE TABLE loose(secret ANY);"
                     "INSERT INTO strict VALUES ('5'), (5); INSERT INTO loose VALUES ('5'), (5);"
                     "CREATE VIRTUAL TABLE temp.ms USING parallel_map(source = strict, map = (secret AS s));"
                     "CREATE VIRTUAL TABLE temp.ml USING parallel_map(source = loose, map = (secret AS s))");
    for (int time = 0; time < 2; time++) {
        map_test_same(db, "SELECT secret FROM strict WHERE secret = '5'", "SELECT s FROM ms WHERE s = '5'");
        map_test_same(db, "SELECT secret FROM loose WHERE secret = '5'", "SELECT s FROM ml WHERE s = '5'");
        sqlite3_set_authorizer(db, say_of_secret, &said);
    }
    sqlite3_set_authorizer(db, NULL, NULL);
    expect_secret(db, SQLITE_OK);
    map_test_same(db, "SELECT secret FROM prices WHERE secret > '11990'",
                  "SELECT s FROM m WHERE s > '11990'");
    sql_test_close(&db);
}

static void authorizer_set_after_a_map(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "prices.db");
    authorizer_changes_between_maps(test, ":memory:");
    authorizer_changes_between_maps(test, path);
    sqlite3_free(path);
}

static int ignore_function(void *arg, int action, const char *nothing, const char *name, const char *schema,
                           const char *via)
{
    return deny_function(arg, action, nothing, name, schema, via) == SQLITE_DENY ? SQLITE_IGNORE : SQLITE_OK;
}

/* The host cannot prepare such a map, or not as a whole: the authorizer is called for each function of it all
 * the same. */
static void authorizer_is_asked_about_each_function(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    char upper[] = "upper", like[] = "like", sum[] = "sum", coalesce[] = "coalesce";
    map_test_prices(db);
    map_test_allow_extensions(db, 1);
    sql_test_run(db, "SELECT parallel_map_load('" TINY_EXTENSION "')");
    map_test_allow_extensions(db, 0);
    sqlite3_set_authorizer(db, deny_function, upper);
    map_test_expect_map_error(db, "tiny_double(p) || upper(p)", SQLITE_ERROR,
                              "parallel_map: not authorized to use function: upper");
    map_test_expect_map_error(db, "lower(upper(p)) || tiny_double(p)", SQLITE_ERROR,
                              "parallel_map: not authorized to use function: upper");
    sql_test_expect_error(db, "SELECT * FROM parallel_map('SELECT p FROM prices /* x', 'upper(p)')",
                          SQLITE_ERROR, "parallel_map: source: a quote or comment is not closed");
    map_test_same(db, "SELECT lower(p), p * 2.0 FROM prices",
                  "SELECT a.value, b.value FROM parallel_map('prices', 'lower(p)') AS a JOIN"
                  " parallel_map('prices', 'tiny_double(p)') AS b ON b.key = a.key");
    sqlite3_set_authorizer(db, deny_function, like);
    map_test_expect_map_error(db, "p LIKE 'x' OR tiny_double(p)", SQLITE_ERROR,
                              "parallel_map: not authorized to use function: like");
    /* What it ignores is NULL on the host, and is not computed elsewhere. */
    sqlite3_set_authorizer(db, ignore_function, upper);
    map_test_expect_map_error(db, "upper(p)", SQLITE_AUTH,
                              "parallel_map: not authorized to use function: upper");
    map_test_value(test, "prices", "rowid", "lower(p)");
    sqlite3_set_authorizer(db, ignore_function, coalesce);
    map_test_expect_map_error(db, "coalesce(p, 1)", SQLITE_AUTH,
                              "parallel_map: not authorized to use function: coalesce");
    sqlite3_set_authorizer(db, deny_function, sum);
    static const char part[] =
        "CREATE VIRTUAL TABLE temp.part USING parallel_map(source = prices, partial = 1, "
        "map = (sum(p), tiny_double(1)))";
    sql_test_expect_error(db, part, SQLITE_ERROR, "parallel_map: not authorized to use function: sum");
    sqlite3_set_authorizer(db, NULL, NULL);
    sql_test_run(db, part);
    sql_test_run(db, "SELECT * FROM part; DROP TABLE part");
}

/* Tables that were made before are read with NULLs, be their source a table, a view or a query; a column that
   is no NULL all the same and compares otherwise than the table declares is an error that names it. */
static void ignored_columns_of_any_source(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    static const char *const sources[] = {"prices", "v", "renamed", "(SELECT * FROM prices)",
                                          "(SELECT id, secret FROM v ORDER BY id LIMIT 10)"};
    int said = SQLITE_OK;
    sql_test_run(db, "CREATE TABLE prices(id INTEGER PRIMARY KEY, secret TEXT COLLATE NOCASE, p INT);"
                     "INSERT INTO prices VALUES (1, 'a', 5), (2, 'B', 6), (3, NULL, 7);"
                     "CREATE VIEW v AS SELECT id, secret FROM prices;"
                     "CREATE VIEW renamed(id, secret) AS SELECT id, secret FROM prices LIMIT 10");
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        char *plain =
            sqlite3_mprintf("SELECT id, secret, secret || 'x', CAST(secret AS TEXT), CAST(secret AS INT) > "
                            "5, +secret, (SELECT secret) FROM %s",
                            sources[i]);
        said = SQLITE_OK;
        map_test_run(
            db,
            "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = %s, map = (id, secret AS s, "
            "secret || 'x' AS t, CAST(secret AS TEXT) AS u, CAST(secret AS INT) > 5 AS v, +secret AS w, "
            "(SELECT secret) AS x))",
            sources[i]);
        for (int time = 0; time < 2; time++) {
            said = SQLITE_OK;
            sqlite3_set_authorizer(db, say_of_secret, &said);
            map_test_same(db, plain, "SELECT * FROM m");
            said = SQLITE_IGNORE;
            sqlite3_set_authorizer(db, say_of_secret, &said);
            map_test_same(db, plain, "SELECT * FROM m");
            sql_test_expect(db, "SELECT count(*) FROM m WHERE s = 'A' OR s > 0 OR u = 'A' OR w > 0", "0");
            sql_test_expect(db, "SELECT count(*) FROM m WHERE u IS NULL AND x IS NULL AND w IS NULL", "3");
        }
        sql_test_run(db, "DROP TABLE m");
        sqlite3_free(plain);
    }
    static const char other[] =
        "parallel_map: the column s compares otherwise than when this table was made: its source has changed, "
        "or what the host's authorizer says of it; drop the table and create it again";
    said = SQLITE_OK;
    sql_test_run(
        db,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = (SELECT secret AS x FROM prices UNION ALL SELECT p FROM prices), map = (x AS s))");
    said = SQLITE_IGNORE;
    sql_test_expect_error(db, "SELECT s FROM m", SQLITE_ERROR, other);
    sql_test_expect(db, "SELECT count(*) FROM m", "6");
    sql_test_run(db, "DROP TABLE m; CREATE VIRTUAL TABLE temp.m USING parallel_map(source = v, map = (id, "
                     "secret AS s))");
    sql_test_expect(db, "SELECT * FROM m", "1|NULL\n2|NULL\n3|NULL");
    said = SQLITE_OK;
    sqlite3_set_authorizer(db, say_of_secret, &said);
    sql_test_expect_error(db, "SELECT s FROM m", SQLITE_ERROR, other);
    sqlite3_set_authorizer(db, NULL, NULL);
    sql_test_run(db, "DROP TABLE m");
}

/* What an authorizer says of a rowid, which a table may have under a name of its own. */
static int ignore_key(void *arg, int action, const char *table, const char *column, const char *schema,
                      const char *via)
{
    (void)schema;
    (void)via;
    /* CREATE goes by the rowids of SQLite's own tables. */
    bool own = table && !strncmp(table, "sqlite_", 7);
    return action == SQLITE_READ && !own && column && !strcmp(column, arg) ? SQLITE_IGNORE : SQLITE_OK;
}

/* A map that names the rowid gets a NULL for it, as the plain SELECT does, by each of its names. */
static void expect_null_rowid(sqlite3 *db, const char *table)
{
    static const char *const maps[] = {"rowid + p", "coalesce(_rowid_, p, 'none')", "typeof(oid)",
                                       "max(%s.rowid, p) IS NULL AND p > 5", "p"};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        char *map = sqlite3_mprintf(maps[i], table);
        char *plain = sqlite3_mprintf("SELECT rowid, %s FROM %s", map, table);
        char *mapped = sqlite3_mprintf("SELECT key, value FROM parallel_map(%Q, %Q)", table, map);
        map_test_same(db, plain, mapped);
        sqlite3_free(mapped);
        sqlite3_free(plain);
        sqlite3_free(map);
    }
    map_test_run(
        db,
        "CREATE VIRTUAL TABLE temp.n USING parallel_map(source = %s, map = (count(rowid) AS k, count(p) AS n), "
        "partial = 1, where = (rowid IS NULL))",
        table);
    sql_test_expect(db, "SELECT sum(k), sum(n) FROM n", "0|12000");
    sql_test_run(db, "DROP TABLE n");
}

/* In memory the rows are handed out; in the file workers read them themselves. */
static void expect_ignored_key(const MapTest *test, const char *path)
{
    sqlite3 *db = map_test_open(test, path);
    char id[] = "id", rowid[] = "ROWID";
    sql_test_run(db,
                 "CREATE TABLE named(id INTEGER PRIMARY KEY, p); CREATE TABLE bare(p);"
                 "INSERT INTO named WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
                 " i < 12000) SELECT 3 * i, i FROM n; INSERT INTO bare SELECT p FROM named;"
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = named, map = (id, p + 1 AS q))");
    for (int time = 0; time < 2; time++) {
        map_test_same(db, "SELECT id, p + 1 FROM named", "SELECT * FROM m");
        map_test_same(db, "SELECT rowid, p FROM named", "SELECT key, value FROM parallel_map('named', 'p')");
        map_test_same(db, "SELECT rowid, p FROM bare", "SELECT key, value FROM parallel_map('bare', 'p')");
        sqlite3_set_authorizer(db, ignore_key, id);
        map_test_same(db, "SELECT id, p + 1 FROM named", "SELECT * FROM m");
        map_test_same(db, "SELECT rowid, p FROM named", "SELECT key, value FROM parallel_map('named', 'p')");
        map_test_same(db, "SELECT rowid, p FROM bare", "SELECT key, value FROM parallel_map('bare', 'p')");
        sql_test_expect(db, "SELECT count(*) FROM parallel_map('named', 'p') WHERE key = 3", "0");
        sql_test_expect(db,
                        "SELECT count(value) FROM (SELECT 3 AS k UNION ALL SELECT 6) LEFT JOIN "
                        "parallel_map('named', 'p') ON key = k",
                        "0");
        expect_null_rowid(db, "named");
        sqlite3_set_authorizer(db, ignore_key, rowid);
        expect_null_rowid(db, "bare");
        map_test_same(db, "SELECT rowid, p FROM bare", "SELECT key, value FROM parallel_map('bare', 'p')");
        sqlite3_set_authorizer(db, NULL, NULL);
    }
    sql_test_expect(db, "SELECT max(value) FROM parallel_map('named', 'rowid + p')", "48000");
    sql_test_close(&db);
}

static void ignored_keys(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "keys.db");
    expect_ignored_key(test, ":memory:");
    expect_ignored_key(test, path);
    sqlite3_free(path);
}

static int asked;

static int count_hex(void *arg, int action, const char *first, const char *second, const char *third,
                     const char *fourth)
{
    (void)arg;
    (void)first;
    (void)third;
    (void)fourth;
    asked += action == SQLITE_FUNCTION && !strcmp(second, "hex");
    return SQLITE_OK;
}

/* The text of a map may be long. The host prepares it once while it plans, beside a statement for each
 * function by itself, and once more for each statement with the map that is prepared later. */
static void texts_are_prepared_once(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = test->db;
    map_test_prices(db);
    assert_int_equal(sqlite3_set_authorizer(db, count_hex, NULL), SQLITE_OK);
    asked = 0;
    sql_test_run(db, "SELECT value FROM parallel_map('prices', 'hex(p)')");
    assert_int_equal(asked, 2);
    sql_test_run(db, "SELECT value FROM parallel_map('prices', 'hex(p)')");
    assert_int_equal(asked, 3);
    sqlite3_set_authorizer(db, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(authorizers),
        MAP_TEST_EACH(authorizer_set_after_a_map),
        MAP_TEST_EACH(authorizer_is_asked_about_each_function),
        MAP_TEST_EACH(ignored_columns_of_any_source),
        MAP_TEST_EACH(ignored_keys),
        MAP_TEST_EACH(texts_are_prepared_once),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
