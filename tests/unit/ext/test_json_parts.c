/* One JSON array or object of the texts of its parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ext/functions/json_parts.h"
#include "tests/support/engine_parts.h"

static void expect(sqlite3 *db, const char *sql, const char *expected)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        assert_string_equal((const char *)sqlite3_column_text(statement, 0), expected);
    else
        assert_string_equal(sqlite3_errmsg(db), expected);
    sqlite3_finalize(statement);
}

static int open_database(void **state)
{
    sqlite3 *db;
    if (engine_attach(state) != SQLITE_OK || sqlite3_open(":memory:", &db) != SQLITE_OK)
        return -1;
    *state = db;
    return json_parts_register(db);
}

static int close_database(void **state)
{
    return sqlite3_close(*state);
}

static void parts_are_joined(void **state)
{
    sqlite3 *db = *state;
    expect(db, "SELECT pricemap_json_array(column1) FROM (VALUES ('[1,2]'), ('[]'), ('[\"]\"]'), ('[[]]'))",
           "[1,2,\"]\",[]]");
    expect(db,
           "SELECT pricemap_json_object(column1) FROM (VALUES ('{}'), ('{\"a\":{}}'), ('{\"\u00e9\":1}'))",
           "{\"a\":{},\"\u00e9\":1}");
    expect(db, "SELECT pricemap_json_array(column1) FROM (VALUES ('[]'), ('[]'))", "[]");
    expect(db, "SELECT pricemap_json_array(1) WHERE 0", "[]");
    expect(db, "SELECT pricemap_json_object(1) WHERE 0", "{}");
    expect(db, "SELECT json_array(pricemap_json_array('[1]'))", "[[1]]");
}

static void damaged_parts_are_errors(void **state)
{
    static const char *const damaged[] = {"NULL", "''", "'['", "'{}'", "'[1}'", "'1]'", "12"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        char *sql =
            sqlite3_mprintf("SELECT pricemap_json_array(column1) FROM (VALUES ('[1]'), (%s))", damaged[i]);
        expect(*state, sql, "pricemap: a part of a JSON value is damaged");
        sqlite3_free(sql);
    }
}

static void a_text_beyond_the_limit_is_an_error(void **state)
{
    sqlite3 *db = *state;
    int limit = sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1000);
    const char *sql = "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 2) "
                      "SELECT pricemap_json_array(printf('[%.*c]', 600, '1')) FROM n";
    expect(db, sql, "string or blob too big");
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, limit);
    expect(db, "SELECT pricemap_json_array('[1]')", "[1]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_joined),
        cmocka_unit_test(damaged_parts_are_errors),
        cmocka_unit_test(a_text_beyond_the_limit_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
