/* pricereport doctor as it is printed; what it finds is tested with made-up machines in tests/unit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "tests/support/command.h"

static const char *const checks[] = {"governor", "turbo",    "load",    "steal",   "virtual",
                                     "quota",    "affinity", "threads", "battery", "memory",
                                     "clock",    "build",    "gnuplot"};
enum { CHECK_COUNT = sizeof checks / sizeof *checks };

static void people_get_a_line_for_every_check(void **state)
{
    (void)state;
    Outcome outcome = command_run("doctor", NULL);
    command_expect_success(&outcome);
    const char *place = outcome.out;
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        char start[32];
        snprintf(start, sizeof start, "%-8s  ", checks[i]);
        const char *line = strstr(place, start);
        if (!line || (line != outcome.out && line[-1] != '\n'))
            fail_msg("there is no line for %s", checks[i]);
        place = line;
    }
    assert_non_null(strstr(place, "make timings unreliable."));
    /* Every warning says what to do, and nothing else does. */
    size_t warnings = 0, advices = 0;
    for (const char *line = outcome.out; (line = strstr(line, "  WARNING  ")); line++)
        warnings++;
    for (const char *line = outcome.out; (line = strstr(line, "                   -> ")); line++)
        advices++;
    assert_int_equal(warnings, advices);
    for (const char *line = outcome.out; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 90);
    command_free(&outcome);
    assert_int_equal(access("pricereport.db", F_OK), -1);
}

static void programs_get_rows(void **state)
{
    (void)state;
    Outcome outcome = command_run("doctor", "--json", NULL);
    command_expect_success(&outcome);
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT group_concat(value ->> 'check'), sum((value ->> 'state' = 'warning') = "
                           "(value ->> 'advice' IS NOT NULL)), sum(value ->> 'state' IN ('ok', "
                           "'warning', 'unknown')) FROM json_each(?1)",
                           -1, &statement, NULL),
        SQLITE_OK);
    sqlite3_bind_text(statement, 1, outcome.out, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal(
        (const char *)sqlite3_column_text(statement, 0),
        "governor,turbo,load,steal,virtual,quota,affinity,threads,battery,memory,clock,build,gnuplot");
    assert_int_equal(sqlite3_column_int(statement, 1), CHECK_COUNT);
    assert_int_equal(sqlite3_column_int(statement, 2), CHECK_COUNT);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    command_free(&outcome);
    outcome = command_run("doctor", "--csv", NULL);
    command_expect_success(&outcome);
    assert_ptr_equal(strstr(outcome.out, "check,state,found,advice\r\ngovernor,"), outcome.out);
    command_free(&outcome);
    outcome = command_run("doctor", "--markdown", NULL);
    command_expect_success(&outcome);
    assert_ptr_equal(strstr(outcome.out, "| check | state | found | advice |\n| --- "), outcome.out);
    command_free(&outcome);
}

static void a_missing_gnuplot_is_told(void **state)
{
    (void)state;
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nonexistent", 1);
    Outcome outcome = command_run("doctor", NULL);
    setenv("PATH", path, 1);
    free(path);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "gnuplot   WARNING  not in PATH\n"));
    assert_non_null(strstr(outcome.out, "gnuplot-nox"));
    command_free(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(people_get_a_line_for_every_check, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(programs_get_rows, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_missing_gnuplot_is_told, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
