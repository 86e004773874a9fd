/* How long the verbs take on large histories: 1 000 runs of 20 benchmarks with 30 samples each, two of them.
 * Prints the seconds of each verb beside what is expected of it; only a verb that fails is a failure, a busy
 * machine is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <limits.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/support/browser.h"
#include "tests/support/command.h"
#include "tests/support/site.h"

static void make_history(const char *file, int origin)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/../support/history_small.sql", getenv("PRICEREPORT_CLI_TESTS"));
    char *script = command_read_file(path);
    command_write_file(file, "");
    Outcome outcome = command_run("list", "--db", file, NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    char *sql =
        sqlite3_mprintf("CREATE TEMP TABLE size(runs, benchmarks, samples, low_rank, high_rank, origin);"
                        "INSERT INTO size VALUES (1000, 20, 30, 10, 21, %d);%s",
                        origin, script);
    command_execute(file, sql);
    sqlite3_free(sql);
    free(script);
}

static void time_verb(const char *const *arguments, double most_seconds)
{
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    Outcome outcome = command_run_list(arguments);
    clock_gettime(CLOCK_MONOTONIC, &after);
    /* 1: check found a regression, which is no failure of this. */
    if (outcome.status > 1)
        fail_msg("%s: %s", arguments[0], outcome.err);
    command_free(&outcome);
    printf("%-8s %6.3f s, of at most %g s\n", arguments[0],
           (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9,
           most_seconds);
}

/* How large the overview is, and how long Chromium takes until it is there. */
static void open_overview(void)
{
    struct stat status;
    char path[PATH_MAX];
    assert_int_equal(stat("site/index.html", &status), 0);
    printf("overview %lld bytes, of at most 1000000\n", (long long)status.st_size);
    if (!browser_is_there())
        return;
    assert_non_null(realpath("site/index.html", path));
    Browser *browser = browser_open("profile");
    browser_show(browser, path, 1280, 900, 0);
    char *seconds =
        browser_evaluate(browser, "(() => { const n = performance.getEntriesByType('navigation')[0]; "
                                  "return (n.loadEventEnd / 1000).toFixed(3); })()");
    printf("overview opens in %s s, of at most 1 s\n", seconds);
    sqlite3_free(seconds);
    browser_close(browser);
}

/* The site of one history; it has charts where there is a gnuplot. */
static void a_site_of_a_large_history(void **state)
{
    (void)state;
    static const char *const report[] = {"report", "--all", "site", "--db", "one.db", NULL};
    if (!site_can_be_drawn())
        skip();
    make_history("one.db", 1);
    time_verb(report, 20);
    open_overview();
}

static void verbs_on_large_histories(void **state)
{
    (void)state;
    static const char *const verbs[] = {"list", "history", "check", "plot"};
    make_history("one.db", 1);
    make_history("two.db", 2);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        const char *const arguments[] = {verbs[i], "--db", "one.db", NULL};
        time_verb(arguments, 1);
    }
    const char *const merge[] = {"merge", "--db", "one.db", "two.db", NULL};
    time_verb(merge, 10);
    assert_int_equal(command_integer("one.db", "SELECT count(*) FROM sample"), 2 * 1000 * 20 * 30);
    time_verb(merge, 10);
    assert_int_equal(command_integer("one.db", "SELECT count(*) FROM run"), 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_site_of_a_large_history, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(verbs_on_large_histories, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
