/* The arguments of a map: what is accepted and how it is understood. The messages of errors:
 * tests/sql/test_map_errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/engine_parts.h"
#include "ext/base/numbers.h"
#include "ext/plan/map_arguments.h"

static void defaults(void **state)
{
    (void)state;
    static const char *const texts[] = {"source = prices", "map=(p)"};
    MapArguments arguments;
    char *message = NULL;
    assert_int_equal(map_arguments_parse(&arguments, 2, texts, &message), SQLITE_OK);
    assert_null(message);
    assert_string_equal(arguments.source, "prices");
    assert_string_equal(arguments.map, "p");
    assert_null(arguments.where);
    assert_null(arguments.group_by);
    assert_false(arguments.partial);
    assert_true(arguments.ordered);
    assert_false(arguments.has_executor || arguments.has_workers || arguments.has_chunk);
    map_arguments_free(&arguments);
    map_arguments_free(&arguments);
}

static void everything(void **state)
{
    (void)state;
    static const char *const texts[] = {
        " SOURCE = (SELECT \"a=b\" FROM t) ",
        "map = (count(*) AS n, ')')",
        "where = (a = '(')",
        "group_by = (a, b)",
        "partial = 1",
        "executor = \"Processes\"",
        "workers = '1024'",
        "chunk = 1000000000",
        "/* not */ ordered = 0",
    };
    MapArguments arguments, again;
    char *message = NULL;
    assert_int_equal(map_arguments_parse(&arguments, 9, texts, &message), SQLITE_OK);
    assert_string_equal(arguments.source, "SELECT \"a=b\" FROM t");
    assert_string_equal(arguments.map, "count(*) AS n, ')'");
    assert_string_equal(arguments.where, "a = '('");
    assert_string_equal(arguments.group_by, "a, b");
    assert_true(arguments.partial);
    assert_false(arguments.ordered);
    assert_ptr_equal(arguments.executor, &executor_processes);
    assert_int_equal(arguments.workers, 1024);
    assert_int_equal(arguments.chunk, 1000000000);
    assert_int_equal(map_arguments_parse(&again, 9, texts, &message), SQLITE_OK);
    assert_true(map_arguments_equal(&arguments, &again));
    for (int i = 2; i < 9; i++) {
        const char *fewer[8];
        for (int j = 0, k = 0; j < 9; j++)
            if (j != i)
                fewer[k++] = texts[j];
        map_arguments_free(&again);
        int rc = map_arguments_parse(&again, 8, fewer, &message);
        assert_int_equal(rc, i == 4 ? SQLITE_ERROR : SQLITE_OK); /* group_by without partial */
        if (rc == SQLITE_OK)
            assert_false(map_arguments_equal(&arguments, &again));
        sqlite3_free(message);
        message = NULL;
    }
    map_arguments_free(&again);
    map_arguments_free(&arguments);
}

/* After an error the arguments is empty and the message is there. */
static void errors(void **state)
{
    (void)state;
    static const char *const bad[][3] = {
        {"source = t", "map = (a)", "what = 1"}, {"source = t", "map = (a)", "map = (b)"},
        {"source = t", "map = a", "chunk = 1"},  {"source = t", "map = (a)", "chunk = 0"},
        {"source = t", "map = (a)", "executor"}, {"source = t", "map = (a)", ""},
        {"source = t", "map = (a)", "= 5"},      {"source = t", "map = (a)", "workers == 1"},
        {"source =", "map = (a)", "chunk = 1"},  {"chunk = 1", "map = (a)", "workers = 1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        MapArguments arguments;
        char *message = NULL;
        assert_int_equal(map_arguments_parse(&arguments, 3, bad[i], &message), SQLITE_ERROR);
        assert_non_null(message);
        assert_memory_equal(message, "parallel_map: ", 14);
        assert_null(arguments.source);
        assert_null(arguments.map);
        sqlite3_free(message);
    }
}

static void whole_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", " 1", "1 ", "+1", "0x1", "1.0", "1e3", "one", "-", "9223372036854775808", "11", "-1", "٣"};
    int64_t number = 77;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(number_parse(bad[i], 0, 10, &number));
    assert_int_equal(number, 77);
    assert_true(number_parse("10", 0, 10, &number) && number == 10);
    assert_true(number_parse("007", 0, 10, &number) && number == 7);
    assert_true(number_parse("-9223372036854775808", INT64_MIN, 0, &number) && number == INT64_MIN);
    assert_true(number_parse("9223372036854775807", 0, INT64_MAX, &number) && number == INT64_MAX);
}

static void names_of_executors(void **state)
{
    (void)state;
    const ExecutorKind *kind;
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        assert_true(executor_kind_parse(executor_kind_name(executor_kinds[i]), &kind));
        assert_ptr_equal(kind, executor_kinds[i]);
        assert_int_equal(executor_kind_index(kind), i);
    }
    assert_true(executor_kind_parse(executor_kind_name(NULL), &kind));
    assert_null(kind);
    assert_true(executor_kind_parse("THREADS", &kind));
    assert_ptr_equal(kind, &executor_threads);
    assert_false(executor_kind_parse("thread", &kind));
    assert_false(executor_kind_parse("threads ", &kind));
    assert_false(executor_kind_parse("", &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),      cmocka_unit_test(everything),         cmocka_unit_test(errors),
        cmocka_unit_test(whole_numbers), cmocka_unit_test(names_of_executors),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
