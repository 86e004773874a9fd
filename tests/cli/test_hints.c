/* What is said beside the figures of commands, and which option it names. */
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

static const char db[] = "pricereport.db";

static void expect_hint(Outcome outcome, const char *part, int there)
{
    command_expect_success(&outcome);
    if ((strstr(outcome.out, part) != NULL) != there)
        fail_msg("\"%s\" is %s in %s", part, there ? "not" : "there", outcome.out);
    command_free(&outcome);
}

static void failures_are_counted(void **state)
{
    (void)state;
    command_write_file("n", "0");
    static const char sometimes[] = "read n <n; echo $((n + 1)) >n; [ $n != 3 ]";
    expect_hint(command_run("run", "-i", "-r", "5", "-n", "job", "--command", sometimes, NULL),
                "1 of 6 executions of 'job' failed, the last with exit status 1.\n", 1);
    expect_hint(command_run("run", "-i", "-r", "5", "-n", "job", "--command", sometimes, NULL), "failed", 0);
    Outcome outcome =
        command_run("run", "-i", "-r", "2", "--csv", "-n", "job", "--", "sh", "-c", "kill -9 $$", NULL);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err,
                        "pricereport: 3 of 3 executions of 'job' failed, the last with signal 9.\n");
    command_free(&outcome);
    command_expect_error(command_run("run", "-r", "2", "--", "false", NULL), 3,
                         "or -i (--ignore-failure) to time it all the same");
    command_expect_error(command_run("run", "-r", "2", "--", "sleep 0.01", NULL), 3,
                         "--command 'sleep 0.01' in place of -- and this");
}

static void short_commands_in_a_shell(void **state)
{
    (void)state;
    /* A busy machine may take longer than that; then nothing is said. */
    for (int i = 0; i < 40; i++) {
        Outcome outcome = command_run("run", "-r", "6", "--command", "true", "--command", ":", NULL);
        const int shorter =
            command_integer(db, "SELECT count(*) FROM measurement JOIN run USING (run) WHERE run = "
                                "(SELECT max(run) FROM run) AND median_seconds < 0.005") == 2;
        const int told =
            strstr(outcome.out, "'true' and 1 more took less than 5 ms, much of which is the start of "
                                "the shell: -N starts programs themselves.") != NULL;
        command_free(&outcome);
        assert_int_equal(shorter, told);
        if (shorter)
            break;
    }
    expect_hint(command_run("run", "-r", "6", "-N", "--command", "true", NULL), "-N", 0);
    expect_hint(command_run("run", "-r", "6", "--", "true", NULL), "-N", 0);
}

static void first_executions_with_cold_caches(void **state)
{
    (void)state;
    static const char cold[] = "[ -e warm ] || sleep 1; touch warm";
    expect_hint(command_run("run", "-r", "6", "-n", "job", "--command", cold, NULL),
                "its caches were cold. --prepare TEXT", 1);
    assert_int_equal(remove("warm"), 0);
    expect_hint(command_run("run", "-r", "6", "-w", "0", "-n", "job", "--command", cold, NULL),
                "its caches were cold. -w 1 leaves it out; --prepare TEXT", 1);
    expect_hint(command_run("run", "-r", "6", "-p", "rm -f warm", "-n", "job", "--command",
                            "[ -e warm ] || sleep 0.1; touch warm", NULL),
                "caches were cold. -w 1", 0);
}

/* A metric whose last sample has no figure is done like any other. */
static void metrics_without_their_last_figure_are_done(void **state)
{
    (void)state;
    command_write_file("n", "0");
    command_expect_output(
        command_run("run", "-i", "-r", "6", "-w", "0", "--metric", "n=n ([0-9]+)", "--metric", "never=(x)",
                    "--command", "read n <n; echo $((n + 1)) >n; [ $n -gt 3 ] && exit 1; echo n 4", NULL),
        0, "2 of 6 executions", NULL);
    command_expect_integer(db, "SELECT count(*) FROM measurement WHERE stopped IS NOT 'samples'", 0);
    command_expect_text(
        db, "SELECT group_concat(samples) FROM (SELECT samples FROM measurement ORDER BY position)", "6,4,0");
}

static void charts_are_refused_before_measuring(void **state)
{
    (void)state;
    command_make_prices();
    command_expect_error(
        command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p", "--plot", "--chart",
                    "workers", NULL),
        2, "--chart workers: nothing that is measured here can be drawn so: it needs serial, and");
    command_expect_error(command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p", "--plot",
                                     "--chart", "workers", "--workers", "1,2", "--executor", "threads", NULL),
                         2, "--chart workers");
    command_expect_error(command_run("--plot", "--chart", "break-even", "--rounds", "10", NULL), 2,
                         "--chart break-even");
    assert_int_equal(access(db, F_OK), -1);
    Outcome outcome =
        command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p", "--plot", "-r", "2",
                    "--chart", "workers", "--workers", "1,2", "--format", "txt", NULL);
    assert_true(outcome.status == 0 || strstr(outcome.err, "gnuplot"));
    command_free(&outcome);
}

static void a_dumb_terminal_has_no_progress(void **state)
{
    (void)state;
    setenv("TERM", "dumb", 1);
    char *text = command_on_terminal("run", "-r", "3", "--", "true", NULL);
    assert_null(strchr(text, '\033'));
    free(text);
    setenv("TERM", "xterm", 1);
    text = command_on_terminal("run", "-r", "3", "--", "true", NULL);
    assert_non_null(strchr(text, '\033'));
    free(text);
}

static void an_unknown_machine_has_no_number_of_processors(void **state)
{
    (void)state;
    command_write_file("f.json", "{\"results\": [{\"command\": \"c\", \"times\": [1.0, 1.1]}]}");
    command_succeed(command_run("import", "f.json", NULL));
    Outcome outcome = command_run("list", NULL);
    assert_non_null(strstr(outcome.out, "unknown processor"));
    assert_null(strstr(outcome.out, "× 0"));
    command_free(&outcome);
    outcome = command_run("show", NULL);
    assert_null(strstr(outcome.out, "0 GiB"));
    command_free(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(failures_are_counted, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(short_commands_in_a_shell, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(first_executions_with_cold_caches, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(metrics_without_their_last_figure_are_done, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(charts_are_refused_before_measuring, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_dumb_terminal_has_no_progress, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(an_unknown_machine_has_no_number_of_processors, command_setup,
                                        command_teardown),
    };
    return cmocka_run_group_tests_name("cli hints", tests, NULL, NULL);
}
