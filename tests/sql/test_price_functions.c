/* increase_price and increase_price_crazy through a real connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <cmocka.h>

#include "ext/functions/price_functions.h"
#include "tests/support/sql_test.h"

static int open_connection(void **state)
{
    *state = sql_test_open();
    return 0;
}

static int close_connection(void **state)
{
    sqlite3 *db = *state;
    sql_test_close(&db);
    return 0;
}

static void test_ten_percent_unless_given(void **state)
{
    sqlite3 *db = *state;
    sql_test_expect(db, "SELECT increase_price(100), increase_price(100, 25), increase_price(100.5, -100)",
                    "110.0|125.0|0.0");
    sql_test_expect(db, "SELECT increase_price(0), increase_price(-10), typeof(increase_price(42))",
                    "0.0|-11.0|'real'");
    sql_test_expect(db, "SELECT increase_price(42, 1000) = 462.0, increase_price(100, 0)", "1|100.0");
}

static void test_arithmetic_is_that_of_sql(void **state)
{
    sqlite3 *db = *state;
    sql_test_expect(db,
                    "WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 999),"
                    " a(p, q) AS MATERIALIZED (SELECT random() / 1e12, random() / 1e16 FROM n)"
                    " SELECT count(*) FROM a WHERE increase_price(p, q) IS NOT p + p * q / 100",
                    "0");
}

static void test_integers_beyond_double_are_rounded(void **state)
{
    sqlite3 *db = *state;
    sql_test_expect(db, "SELECT increase_price(9007199254740993, 0)", "9007199254740992.0");
    sql_test_expect(db,
                    "SELECT increase_price(9223372036854775807, 0) = 9223372036854775808.0,"
                    " increase_price(-9223372036854775807 - 1, 0) = -9223372036854775808.0",
                    "1|1");
}

static void test_crazy_values(void **state)
{
    sqlite3 *db = *state;
    /* The fourth root of raised + raised squared exceeds a raised price below about 0.755 only. */
    sql_test_expect(db, "SELECT increase_price_crazy(100), increase_price_crazy(100, 25, 1)", "110.0|125.0");
    sql_test_expect(db,
                    "SELECT increase_price_crazy(0.1, 0, 7) = sqrt(sqrt(0.1 + 0.1 * 0.1)),"
                    " increase_price_crazy(0.5) = sqrt(sqrt(0.55 + 0.55 * 0.55))",
                    "1|1");
    sql_test_expect(db, "SELECT increase_price_crazy(0), increase_price_crazy(-1, 0)", "0.0|0.0");
    sql_test_expect(db, "SELECT increase_price_crazy(-10, 0) = sqrt(sqrt(90.0))", "1");
}

static void test_crazy_rounds(void **state)
{
    sqlite3 *db = *state;
    sql_test_expect(db,
                    "SELECT group_concat(DISTINCT increase_price_crazy(0.25, 0, value))"
                    "  = '' || sqrt(sqrt(0.3125)) FROM json_each('[1, 2, 3.0, 63, 64, 65, \"1e3\", 200000]')",
                    "1");
}

static void test_null_gives_null(void **state)
{
    sqlite3 *db = *state;
    sql_test_expect(db,
                    "SELECT increase_price(NULL), increase_price(NULL, 1), increase_price(1, NULL),"
                    " increase_price('abc', NULL)",
                    "NULL|NULL|NULL|NULL");
    sql_test_expect(db,
                    "SELECT increase_price_crazy(NULL), increase_price_crazy(1, NULL),"
                    " increase_price_crazy(1, 1, NULL), increase_price_crazy(NULL, 'x', 0)",
                    "NULL|NULL|NULL|NULL");
}

static void test_numeric_text_counts_as_number(void **state)
{
    sqlite3 *db = *state;
    sql_test_expect(db,
                    "SELECT increase_price('12.50', '100'), increase_price('1e2'), increase_price(' 10 ')",
                    "25.0|110.0|11.0");
    sql_test_expect(db, "SELECT increase_price_crazy('100', '25', '10')", "125.0");
    sql_test_run(db, "CREATE TABLE t(p TEXT); INSERT INTO t VALUES('100'), ('7.5')");
    sql_test_expect(db, "SELECT p, increase_price(p, 100), typeof(p) FROM t",
                    "'100'|200.0|'text'\n'7.5'|15.0|'text'");
    sqlite3 *utf16 = sql_test_open();
    sql_test_run(utf16, "PRAGMA encoding = 'UTF-16be'; CREATE TABLE t(p TEXT); INSERT INTO t VALUES('100')");
    sql_test_expect(utf16, "SELECT increase_price(p) FROM t", "110.0");
    sql_test_expect_error(utf16, "SELECT increase_price(p || '€') FROM t", SQLITE_ERROR,
                          "increase_price: price is '100€': expected a number");
    sql_test_close(&utf16);
}

static void test_infinite_prices(void **state)
{
    sqlite3 *db = *state;
    sql_test_expect(db, "SELECT increase_price(9e999), increase_price(-9e999), increase_price('9e999')",
                    "9e999|-9e999|9e999");
    sql_test_expect(db, "SELECT increase_price(1e308, 1000)", "9e999");
    sql_test_expect(db, "SELECT increase_price_crazy(9e999), increase_price_crazy(-9e999)", "9e999|-9e999");
    /* Infinity - Infinity and Infinity * 0 are NaN, for which SQLite has NULL, here as in its arithmetic. */
    sql_test_expect(db,
                    "SELECT increase_price(9e999, -100), increase_price(9e999, 0), 9e999 * 0,"
                    " increase_price_crazy(9e999, 0)",
                    "NULL|NULL|NULL|NULL");
}

struct bad_call {
    const char *sql;
    const char *message;
};

static void expect_errors(sqlite3 *db, const struct bad_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sql_test_expect_error(db, calls[i].sql, SQLITE_ERROR, calls[i].message);
}

#define EXPECT_ERRORS(db, calls) expect_errors(db, calls, sizeof(calls) / sizeof((calls)[0]))

static void test_bad_prices(void **state)
{
    static const struct bad_call calls[] = {
        {"SELECT increase_price('abc')", "increase_price: price is 'abc': expected a number"},
        {"SELECT increase_price('')", "increase_price: price is '': expected a number"},
        {"SELECT increase_price('12.50 EUR')", "increase_price: price is '12.50 EUR': expected a number"},
        {"SELECT increase_price('0x10')", "increase_price: price is '0x10': expected a number"},
        {"SELECT increase_price('it''s')", "increase_price: price is 'it''s': expected a number"},
        {"SELECT increase_price(x'31')", "increase_price: price is x'31': expected a number"},
        {"SELECT increase_price(x'')", "increase_price: price is x'': expected a number"},
        {"SELECT increase_price(zeroblob(1000))",
         "increase_price: price is x'00000000000000000000000000000000'... (1000 bytes): expected a number"},
        {"SELECT increase_price(CAST(x'31320033' AS TEXT))",
         "increase_price: price is '12'... (4 bytes): expected a number"},
        {"SELECT increase_price(replace(hex(zeroblob(50)), '0', 'ä'))",
         "increase_price: price is 'ääääääääääääääääääääääääääääääääääääääää'... (200 bytes):"
         " expected a number"},
        {"SELECT increase_price_crazy('abc')", "increase_price_crazy: price is 'abc': expected a number"},
        {"SELECT increase_price_crazy(x'00', 10, 1)",
         "increase_price_crazy: price is x'00': expected a number"},
    };
    EXPECT_ERRORS(*state, calls);
}

static void test_bad_percents(void **state)
{
    static const struct bad_call calls[] = {
        {"SELECT increase_price(1, '10%')", "increase_price: percent is '10%': expected a number"},
        {"SELECT increase_price(1, x'31')", "increase_price: percent is x'31': expected a number"},
        {"SELECT increase_price(1, 9e999)", "increase_price: percent is Inf: expected a finite number"},
        {"SELECT increase_price(1, -9e999)", "increase_price: percent is -Inf: expected a finite number"},
        {"SELECT increase_price(1, '9e999')", "increase_price: percent is Inf: expected a finite number"},
        {"SELECT increase_price_crazy(1, 'ten')",
         "increase_price_crazy: percent is 'ten': expected a number"},
        {"SELECT increase_price_crazy(1, 9e999, 1)",
         "increase_price_crazy: percent is Inf: expected a finite number"},
    };
    EXPECT_ERRORS(*state, calls);
}

static void test_bad_rounds(void **state)
{
#define BAD_ROUNDS(value, shown)                                                                             \
    {                                                                                                        \
        "SELECT increase_price_crazy(1, 10, " value ")",                                                     \
            "increase_price_crazy: rounds is " shown ": expected a whole number from 1 to 1000000000"        \
    }
    static const struct bad_call calls[] = {
        BAD_ROUNDS("0", "0"),
        BAD_ROUNDS("-1", "-1"),
        BAD_ROUNDS("1000000001", "1000000001"),
        BAD_ROUNDS("9223372036854775807", "9223372036854775807"),
        BAD_ROUNDS("4294967297", "4294967297"),
        BAD_ROUNDS("2.5", "2.5"),
        BAD_ROUNDS("0.0", "0.0"),
        BAD_ROUNDS("0.999999", "0.999999"),
        BAD_ROUNDS("1000000000.5", "1000000000.5"),
        BAD_ROUNDS("1e300", "1.0e+300"),
        BAD_ROUNDS("9e999", "Inf"),
        BAD_ROUNDS("-9e999", "-Inf"),
        BAD_ROUNDS("'many'", "'many'"),
        BAD_ROUNDS("x'05'", "x'05'"),
    };
    EXPECT_ERRORS(*state, calls);
}

static void test_where_the_python_raises(void **state)
{
    static const struct bad_call calls[] = {
        {"SELECT increase_price_crazy(-0.5)", "increase_price_crazy: price is -0.5, percent is 10.0:"
                                              " math domain error (the raised price plus its square is"
                                              " negative)"},
        {"SELECT increase_price_crazy(100, -100.5, 1)",
         "increase_price_crazy: price is 100.0, percent is -100.5:"
         " math domain error (the raised price plus its square is negative)"},
        {"SELECT increase_price_crazy(1e200)", "increase_price_crazy: price is 1.0e+200, percent is 10.0:"
                                               " result out of range (the square of the raised price"
                                               " overflows)"},
        {"SELECT increase_price_crazy(-1e155, 0, 1)",
         "increase_price_crazy: price is -1.0e+155, percent is 0.0:"
         " result out of range (the square of the raised price overflows)"},
    };
    EXPECT_ERRORS(*state, calls);
    sql_test_expect(*state, "SELECT increase_price_crazy(1e154, 0) = 1e154", "1");
}

static void test_wrong_number_of_arguments(void **state)
{
    static const struct bad_call calls[] = {
        {"SELECT increase_price()", "wrong number of arguments to function increase_price()"},
        {"SELECT increase_price(1, 2, 3)", "wrong number of arguments to function increase_price()"},
        {"SELECT increase_price_crazy()", "wrong number of arguments to function increase_price_crazy()"},
        {"SELECT increase_price_crazy(1, 2, 3, 4)",
         "wrong number of arguments to function increase_price_crazy()"},
    };
    EXPECT_ERRORS(*state, calls);
}

static void test_an_error_in_one_row_stops_the_query(void **state)
{
    sqlite3 *db = *state;
    sql_test_run(db, "CREATE TABLE t(p); INSERT INTO t VALUES(1), (2), ('x'), (4)");
    sql_test_expect_error(db, "SELECT increase_price(p) FROM t", SQLITE_ERROR,
                          "increase_price: price is 'x': expected a number");
    sql_test_expect_error(db, "UPDATE t SET p = increase_price(p)", SQLITE_ERROR,
                          "increase_price: price is 'x': expected a number");
    sql_test_expect(db, "SELECT p FROM t", "1\n2\n'x'\n4");
}

/* Index, generated column, CHECK, view and trigger need a deterministic function, and an innocuous one where
 * the schema is not trusted. */
static void use_in_schema(sqlite3 *db)
{
    sql_test_run(db, "CREATE TABLE t(p, raised REAL AS (increase_price(p)),"
                     " crazy REAL AS (increase_price_crazy(p, 10, 100)) STORED,"
                     " CHECK (increase_price(p) < 5000));"
                     "CREATE INDEX by_price ON t(increase_price(p, 20));"
                     "CREATE INDEX by_crazy ON t(increase_price_crazy(p, 20, 50))"
                     " WHERE increase_price_crazy(p, 0, 1) > 0;"
                     "CREATE VIEW v AS SELECT p, increase_price(p, 50) AS half FROM t;"
                     "CREATE TABLE audit(old, new);"
                     "CREATE TRIGGER log_raise AFTER INSERT ON t BEGIN"
                     " INSERT INTO audit VALUES(new.p, increase_price_crazy(new.p, 100, 3)); END;"
                     "INSERT INTO t VALUES(100), (200), (300)");
    sql_test_expect(db, "SELECT raised, crazy FROM t WHERE p = 200", "220.0|220.0");
    sql_test_expect(db, "SELECT p FROM t INDEXED BY by_price WHERE increase_price(p, 20) = 360", "300");
    sql_test_expect(db,
                    "SELECT p FROM t INDEXED BY by_crazy WHERE increase_price_crazy(p, 20, 50) = 240"
                    " AND increase_price_crazy(p, 0, 1) > 0",
                    "200");
    sql_test_expect(db, "SELECT half FROM v ORDER BY p", "150.0\n300.0\n450.0");
    sql_test_expect(db, "SELECT new FROM audit", "200.0\n400.0\n600.0");
    sql_test_expect_error(db, "INSERT INTO t VALUES(4900)", SQLITE_CONSTRAINT,
                          "CHECK constraint failed: increase_price(p) < 5000");
    sql_test_run(db, "CREATE TABLE only(p, crazy REAL AS (increase_price_crazy(p)) STORED)");
    sql_test_expect_error(db, "INSERT INTO only VALUES('abc')", SQLITE_ERROR,
                          "increase_price_crazy: price is 'abc': expected a number");
    sql_test_expect(db, "SELECT count(*) FROM only", "0");
    sql_test_expect(db, "SELECT count(*) FROM t", "3");
    sql_test_expect(db, "PRAGMA integrity_check", "'ok'");
}

static void test_in_a_trusted_schema(void **state)
{
    use_in_schema(*state);
}

static void test_in_an_untrusted_schema(void **state)
{
    sql_test_run(*state, "PRAGMA trusted_schema = OFF");
    use_in_schema(*state);
}

static void test_what_is_registered(void **state)
{
    /* 0x800 deterministic, 0x200000 innocuous (sqlite3.h). */
    sql_test_expect(*state,
                    "SELECT name, narg, flags & 0x200800 = 0x200800 FROM pragma_function_list"
                    " WHERE name LIKE 'increase_price%' ORDER BY name, narg",
                    "'increase_price'|1|1\n'increase_price'|2|1\n'increase_price_crazy'|1|1\n"
                    "'increase_price_crazy'|2|1\n'increase_price_crazy'|3|1");
}

static int count_down(void *arg)
{
    int *left = arg;
    return (*left)-- == 0;
}

static void test_stop_hook_ends_a_long_call(void **state)
{
    (void)state;
    int left = 2;
    PriceStop stop = {count_down, &left};
    sqlite3 *db = sql_test_open_plain(":memory:");
    assert_int_equal(price_functions_register_stoppable(db, &stop), SQLITE_OK);
    sql_test_expect_error(db, "SELECT increase_price_crazy(100, 10, 1000000000)", SQLITE_INTERRUPT,
                          "interrupted");
    assert_int_equal(left, -1);
    left = 1000;
    sql_test_expect(db, "SELECT increase_price_crazy(100, 10, 2000000)", "110.0");
    assert_int_equal(left, 1000 - 2000000 / PRICE_STOP_INTERVAL);
    sql_test_close(&db);
}

struct interrupter {
    sqlite3 *db;
    atomic_int done;
};

/* Interrupts until the query has ended: one that came before it began would be lost. */
static void *keep_interrupting(void *arg)
{
    struct interrupter *interrupter = arg;
    const struct timespec pause = {0, 2000000};
    while (!atomic_load(&interrupter->done)) {
        sqlite3_interrupt(interrupter->db);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* The single row takes many seconds in all; only an interrupt inside one call can end it with this code,
 * because the statement has no step between the calls where SQLite itself would notice. */
static void test_interrupt_reaches_a_long_call(void **state)
{
    sqlite3 *db = *state;
    if (SQLITE_VERSION_NUMBER < 3041000 || sqlite3_libversion_number() < 3041000)
        skip();
    struct interrupter interrupter = {.db = db};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, keep_interrupting, &interrupter), 0);
    sql_test_expect_error(db, "SELECT increase_price_crazy(100, 10, 1000000000)", SQLITE_INTERRUPT,
                          "interrupted");
    atomic_store(&interrupter.done, 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_connection, close_connection)
    const struct CMUnitTest tests[] = {
        CASE(test_ten_percent_unless_given),
        CASE(test_arithmetic_is_that_of_sql),
        CASE(test_integers_beyond_double_are_rounded),
        CASE(test_crazy_values),
        CASE(test_crazy_rounds),
        CASE(test_null_gives_null),
        CASE(test_numeric_text_counts_as_number),
        CASE(test_infinite_prices),
        CASE(test_bad_prices),
        CASE(test_bad_percents),
        CASE(test_bad_rounds),
        CASE(test_where_the_python_raises),
        CASE(test_wrong_number_of_arguments),
        CASE(test_an_error_in_one_row_stops_the_query),
        CASE(test_in_a_trusted_schema),
        CASE(test_in_an_untrusted_schema),
        CASE(test_what_is_registered),
        cmocka_unit_test(test_stop_hook_ends_a_long_call),
        CASE(test_interrupt_reaches_a_long_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
