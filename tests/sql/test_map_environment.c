/* What a result depends on beside the data is the host's when the map begins, also where the host has changed
 * it since the workers were started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fenv.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "ext/base/float_mode.h"
#include "tests/support/map_test.h"

/* Some rows, for all workers, each with work that makes `auto` go on with workers. */
static void begin(const MapTest *test)
{
    map_test_allow_extensions(test->db, 1);
    assert_int_equal(sqlite3_load_extension(test->db, ENVIRONMENT_EXTENSION, NULL, NULL), SQLITE_OK);
    sql_test_run(test->db, "SELECT parallel_map_load('" ENVIRONMENT_EXTENSION "')");
    sql_test_run(test->db,
                 "CREATE TABLE n AS WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c WHERE i "
                 "< 600) SELECT i FROM c");
    map_test_chunk(test->db, 10);
    /* All workers there are, before anything changes. */
    map_test_value(test, "n", "rowid", "i || increase_price_crazy(1, 0, 2000)");
}

static void expect_same(const MapTest *test, const char *expression)
{
    char *map = sqlite3_mprintf("%s || ' ' || increase_price_crazy(1, 0, 2000)", expression);
    assert_int_equal(map_test_value(test, "n", "rowid", map), 600);
    sqlite3_free(map);
}

static void rounding_of_the_host(void **state)
{
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
    MapTest *test = *state;
    begin(test);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(fesetround(modes[i]), 0);
        map_test_value(test, "n", "rowid", "tiny_product(i, 0.1)");
        map_test_value(test, "n", "rowid", "i / 7.0");
        /* Written out with all digits, the last one differs. */
        map_test_value(test, "n", "rowid",
                       "(i / 7.0 > 0.1428571428571428 * i) || increase_price_crazy(1, 0, 2000)");
    }
    /* They do differ. */
    fesetround(FE_UPWARD);
    double up = sql_test_real(test->db, "SELECT sum(value) FROM parallel_map('n', 'tiny_product(i, 0.1)')");
    fesetround(FE_DOWNWARD);
    double down = sql_test_real(test->db, "SELECT sum(value) FROM parallel_map('n', 'tiny_product(i, 0.1)')");
    fesetround(FE_TONEAREST);
    assert_true(up > down);
}

/* Whether subnormal numbers count as zero, where the processor has that. */
static void subnormal_numbers_of_the_host(void **state)
{
    MapTest *test = *state;
    const uint32_t usual = float_mode_read();
    begin(test);
#if defined(__SSE2__)
    float_mode_set(0x8040);
#elif defined(__aarch64__)
    float_mode_set(1u << 24);
#endif
    expect_same(test, "(tiny_product(i * 1e-300, 1e-12) = 0)");
    const bool flushed = float_mode_read() != usual;
    sql_test_expect(test->db,
                    "SELECT DISTINCT value FROM parallel_map('n', 'tiny_product(i * 1e-300, 1e-12) = 0')",
                    flushed ? "1" : "0");
    float_mode_set(usual);
    expect_same(test, "(tiny_product(i * 1e-300, 1e-12) = 0)");
    sql_test_expect(
        test->db, "SELECT DISTINCT value FROM parallel_map('n', 'tiny_product(i * 1e-300, 1e-12) = 0')", "0");
}

/* The locale of the process, and one of the host's thread alone. */
static void locale_of_the_host(void **state)
{
    MapTest *test = *state;
    begin(test);
    expect_same(test, "locale_name(i)");
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    expect_same(test, "locale_name(i)");
    locale_t own = newlocale(LC_NUMERIC_MASK | LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    assert_true(own != (locale_t)0);
    setlocale(LC_CTYPE, "C");
    uselocale(own);
    expect_same(test, "locale_name(i)");
    uselocale(LC_GLOBAL_LOCALE);
    freelocale(own);
    expect_same(test, "locale_name(i)");
}

/* A process that may not lower its nice value has a greater one after each executor. */
static void nice_value_of_the_host(void **state)
{
    MapTest *test = *state;
    errno = 0;
    const int before = getpriority(PRIO_PROCESS, 0);
    if (errno || before > 16)
        skip();
    begin(test);
    assert_int_equal(setpriority(PRIO_PROCESS, 0, before + 1), 0);
    expect_same(test, "nice_value(i)");
    assert_int_equal(setpriority(PRIO_PROCESS, 0, before + 2), 0);
    expect_same(test, "nice_value(i)");
    /* Back again only where the host may. */
    setpriority(PRIO_PROCESS, 0, before);
    expect_same(test, "nice_value(i)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(rounding_of_the_host),
        MAP_TEST_EACH(subnormal_numbers_of_the_host),
        MAP_TEST_EACH(locale_of_the_host),
        MAP_TEST_EACH(nice_value_of_the_host),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
