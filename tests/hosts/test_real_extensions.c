/* Extensions that people use, as the distribution or npm has them: each loads in this host and in workers of
 * every kind, and a map gives the rows of the plain SELECT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

enum { ROWS = 200 };

typedef struct RealExtension {
    const char *name;
    const char *installed; /* a command of the shell that succeeds where it is */
    const char *path;
    const char *source; /* columns of the table t(a), whose values are 1, 2 … */
    const char *map;    /* over them */
} RealExtension;

static const RealExtension spatialite = {
    "SpatiaLite", "true", "mod_spatialite", "MakePoint(a, a + 1) AS x, a",
    "ST_Area(ST_Buffer(x, 1 + a % 7)) || ' ' || AsText(ST_Envelope(ST_Buffer(x, 1)))"};
static const RealExtension pcre = {"sqlite3-pcre", "true", "/usr/lib/sqlite3/pcre.so", "'name ' || a AS x, a",
                                   "x REGEXP '^name [0-9]*[37]$'"};
static const RealExtension sqlite_vec = {"sqlite-vec",
                                         "'" HOSTS_FOLDER "/install-npm' sqlite-vec '" NPM_FOLDER "'",
                                         NPM_FOLDER "/sqlite-vec/node_modules/sqlite-vec-linux-x64/vec0.so",
                                         "vec_f32('[' || a || ', 2, ' || (a + 0.5) || ']') AS x, a",
                                         "vec_distance_cosine(x, vec_f32('[1, ' || a || ', 3]'))"};

static void skip_unless_loadable(const MapTest *test, const RealExtension *extension)
{
    char *message = NULL, *command = sqlite3_mprintf("%s </dev/null >/dev/null 2>&1", extension->installed);
    assert_non_null(command);
    bool installed = system(command) == 0;
    sqlite3_free(command);
    sqlite3_db_config(test->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL);
    if (installed && sqlite3_load_extension(test->db, extension->path, NULL, &message) == SQLITE_OK)
        return;
    print_message("%s: not installed here, skipped: %s\n", extension->name,
                  message ? message : "npm did not give it");
    sqlite3_free(message);
    skip();
}

static void expect_same(const MapTest *test, const RealExtension *extension)
{
    skip_unless_loadable(test, extension);
    char *load = sqlite3_mprintf("SELECT parallel_map_load(%Q) IS NULL", extension->path);
    sql_test_expect(test->db, load, "1");
    sqlite3_free(load);
    map_test_run(
        test->db,
        "CREATE TABLE n(a); INSERT INTO n WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < %d) SELECT i FROM n; CREATE TABLE t AS SELECT %s FROM n",
        ROWS, extension->source);
    char *plain = sqlite3_mprintf("SELECT %s FROM t", extension->map);
    char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('t', %Q)", extension->map);
    assert_int_equal(map_test_same(test->db, plain, sql), ROWS);
    sqlite3_free(sql);
    sqlite3_free(plain);
}

static void in_spatialite(void **state)
{
    expect_same(*state, &spatialite);
}

static void in_pcre(void **state)
{
    expect_same(*state, &pcre);
}

static void in_sqlite_vec(void **state)
{
    expect_same(*state, &sqlite_vec);
}

/* SpatiaLite's libraries open a file at their first use in a process, and keep it. */
static void use_spatialite_once(void)
{
    sqlite3 *db;
    if (sqlite3_open(":memory:", &db) == SQLITE_OK) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL);
        sqlite3_load_extension(db, spatialite.path, NULL, NULL);
        sqlite3_exec(db, "SELECT ST_Area(ST_Buffer(MakePoint(1, 2), 1))", NULL, NULL, NULL);
    }
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(in_spatialite),
        MAP_TEST_EACH(in_pcre),
        MAP_TEST_EACH(in_sqlite_vec),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    use_spatialite_once();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
