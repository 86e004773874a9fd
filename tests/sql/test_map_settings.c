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

#include "map_test.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(numbers_that_are_bound_as_real),
        MAP_TEST(settings_that_are_bound_as_real),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
