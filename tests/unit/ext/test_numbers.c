/* Numbers in texts, held against what SQLite makes of the same text in a column of numeric affinity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ext/base/numbers.h"
#include "tests/support/engine_parts.h"

static void expect_as_sqlite(sqlite3_stmt *insert, const char *text, size_t bytes)
{
    int64_t integer = 0;
    int type = number_type_of_text(text, bytes, &integer);
    sqlite3_bind_text(insert, 1, text, (int)bytes, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(insert), SQLITE_ROW);
    bool is_number = sqlite3_column_type(insert, 0) != SQLITE_TEXT;
    if (is_number != (type != SQLITE_NULL))
        fail_msg("'%s' is %s number to SQLite", text, is_number ? "a" : "no");
    if (type == SQLITE_INTEGER && sqlite3_column_int64(insert, 0) != integer)
        fail_msg("'%s' is %lld to SQLite", text, (long long)sqlite3_column_int64(insert, 0));
    if (type == SQLITE_INTEGER)
        assert_int_equal(sqlite3_column_type(insert, 0), SQLITE_INTEGER);
    sqlite3_reset(insert);
}

static void texts_are_numbers_as_to_sqlite(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        " ",
                                        "1",
                                        "-1",
                                        "+1",
                                        "- 1",
                                        "--1",
                                        " 12 ",
                                        "1.",
                                        ".5",
                                        ".",
                                        "-.5e1",
                                        "1e3",
                                        "1e",
                                        "1e+",
                                        "1E-2",
                                        "1 2",
                                        "0x10",
                                        "1_000",
                                        "inf",
                                        "nan",
                                        "1e999",
                                        "12abc",
                                        "\v7\f",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "9223372036854775808",
                                        "00012",
                                        "1.5.2",
                                        ("\xc2\xa0"
                                         "1"),
                                        "5'",
                                        "1e5 e"};
    sqlite3 *db;
    sqlite3_stmt *insert;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE t(c NUMERIC)", NULL, NULL, NULL);
    assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO t VALUES(?1) RETURNING c", -1, &insert, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_as_sqlite(insert, texts[i], strlen(texts[i]));
    int64_t integer;
    assert_int_equal(number_type_of_text("1\0", 2, &integer), SQLITE_NULL);
    /* Every text of four of these. */
    static const char bytes[] = "07.-+eE ";
    for (unsigned i = 0; i < 8 * 8 * 8 * 8; i++) {
        const char text[] = {bytes[i & 7], bytes[i >> 3 & 7], bytes[i >> 6 & 7], bytes[i >> 9 & 7], 0};
        expect_as_sqlite(insert, text, 4);
    }
    sqlite3_finalize(insert);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_numbers_as_to_sqlite),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
