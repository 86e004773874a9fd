/* Blobs that compare as the rowids of joined rows do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "ext/functions/row_position.h"
#include "tests/support/engine_parts.h"

static int open_database(void **state)
{
    sqlite3 *db;
    if (engine_attach(state) != SQLITE_OK || sqlite3_open(":memory:", &db) != SQLITE_OK)
        return -1;
    *state = db;
    return row_position_register(db);
}

static int close_database(void **state)
{
    return sqlite3_close(*state);
}

static void expect(sqlite3 *db, const char *sql, int64_t expected)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int64(statement, 0), expected);
    sqlite3_finalize(statement);
}

/* All pairs of rowids, NULL among them, come in the order of the blobs. */
static void blobs_compare_as_rowids(void **state)
{
    expect(
        *state,
        "WITH r(i) AS (VALUES (NULL), (-9223372036854775807 - 1), (-257), (-256), (-1), (0), (1), (255), (256), "
        "(4294967296), (9223372036854775807)), "
        "p AS (SELECT a.i AS a, b.i AS b, pricemap_position(a.i, b.i) AS position FROM r AS a, r AS b), "
        "n AS (SELECT row_number() OVER (ORDER BY a, b) AS one, row_number() OVER (ORDER BY position) AS other, "
        "position FROM p) SELECT count(DISTINCT position) + sum(one <> other) FROM n",
        121);
    expect(*state, "SELECT length(pricemap_position(1, 2, NULL)) - length(pricemap_position())", 27);
    expect(*state, "SELECT typeof(pricemap_position(NULL)) = 'blob'", 1);
}

static void names_are_known(void **state)
{
    (void)state;
    assert_true(row_position_has("PriceMap_Position"));
    assert_false(row_position_has("pricemap_positions"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blobs_compare_as_rowids),
        cmocka_unit_test(names_are_known),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, open_database, close_database);
}
