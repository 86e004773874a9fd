/* What can be timed, and how: commands, parameter scans, and the end by Ctrl-C. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "executor_list.h"
#include "tests/support/command.h"

static const char db[] = "pricereport.db";

static void a_command_is_timed(void **state)
{
    (void)state;
    Outcome outcome = command_run("run", "--samples", "3", "--label", "l", "--", "sh", "-c",
                                  "sleep 0.02; echo out; exit $1", "it's", "0", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "sh -c 'sleep 0.02; echo out; exit $1' 'it'\\''s' 0"));
    assert_non_null(strstr(outcome.out, "peak memory"));
    assert_null(strstr(outcome.out, "\nout"));
    command_free(&outcome);
    command_expect_text(db, "SELECT verb || status || label FROM run", "commandfinishedl");
    command_expect_text(db, "SELECT parameters FROM benchmark",
                        "{\"command\":[\"sh\",\"-c\",\"sleep 0.02; echo out; exit $1\",\"it's\",\"0\"]}");
    command_expect_text(db, "SELECT group_concat(value, ' ') FROM run, json_each(options, '$.arguments')",
                        "--samples 3 --label l -- sh -c sleep 0.02; echo out; exit $1 it's 0");
    /* One warm-up; a sample is one execution, with figures of its own. */
    command_expect_integer(
        db,
        "SELECT count(*) FROM sample WHERE warmup = (round = 0) AND loops = 1 AND wall_ns >= 20000000"
        " AND user_ns >= 0 AND system_ns >= 0 AND peak_memory_kib BETWEEN 100 AND 100000",
        4);
    command_expect_integer(
        db, "SELECT samples FROM history WHERE variant = '' AND executor IS NULL AND rows IS NULL", 3);
    outcome = command_run("show", "--json", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "\"peak_memory_kib\":"));
    command_free(&outcome);
}

/* The peak of one is not seen in the other, in whatever order they run. */
static void memory_is_that_of_the_command_alone(void **state)
{
    (void)state;
    command_succeed(command_run("run", "--samples", "1", "--warmup", "0", "--name", "large", "--", "dd",
                                "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1", NULL));
    command_succeed(
        command_run("run", "--samples", "1", "--warmup", "0", "--name", "small", "--", "true", NULL));
    command_expect_integer(
        db,
        "SELECT peak_memory_kib > 64 * 1024 FROM sample JOIN measurement USING (measurement) WHERE run = 1",
        1);
    command_expect_integer(
        db,
        "SELECT peak_memory_kib < 32 * 1024 FROM sample JOIN measurement USING (measurement) WHERE run = 2",
        1);
    command_expect_text(db, "SELECT group_concat(name) FROM benchmark", "large,small");
}

static void user_time_is_that_of_the_command(void **state)
{
    (void)state;
    command_succeed(command_run("run", "--samples", "1", "--warmup", "0", "--", "sh", "-c",
                                "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done", NULL));
    command_expect_integer(db, "SELECT user_ns > 10000000 AND user_ns < 2 * wall_ns FROM sample", 1);
}

static void what_fails_is_not_timed(void **state)
{
    (void)state;
    command_expect_error(command_run("run", "--", "sh", "-c", "exit 7", NULL), 3,
                         "sh -c 'exit 7' ended with exit status 7: give --show-output");
    command_expect_error(command_run("run", "--", "sh", "-c", "kill -SEGV $$", NULL), 3,
                         "was ended by signal 11 (Segmentation fault)");
    command_expect_error(command_run("run", "--", "no-such-program", NULL), 3,
                         "cannot start no-such-program: No such file or directory");
    command_expect_error(command_run("run", "--", "/", NULL), 3, "cannot start /: Permission denied");
    command_expect_integer(db, "SELECT count(*) FROM run WHERE status = 'failed'", 4);
    command_expect_integer(db, "SELECT count(*) FROM sample", 0);
    command_succeed(command_run("run", "--samples", "2", "--ignore-failure", "--", "false", NULL));
    command_expect_integer(db, "SELECT samples FROM measurement WHERE run = 5", 2);
    Outcome outcome =
        command_run("run", "--samples", "1", "--warmup", "0", "--show-output", "--", "echo", "hello", NULL);
    command_expect_success(&outcome);
    assert_ptr_equal(strstr(outcome.out, "hello\n"), outcome.out);
    command_free(&outcome);
}

/* A command that could not be started is a run that failed, and no benchmark. */
static void what_was_never_timed_is_no_benchmark(void **state)
{
    (void)state;
    static const char unknown[] = "no-such-program: there is no such benchmark in pricereport.db";
    command_expect_error(command_run("run", "--", "no-such-program", NULL), 3,
                         "cannot start no-such-program");
    command_expect_integer(db, "SELECT status = 'failed' FROM run", 1);
    command_expect_error(command_run("history", "no-such-program", NULL), 3, unknown);
    command_expect_error(command_run("history", "no-such*", NULL), 3, "no-such*: there is no such benchmark");
    command_expect_error(command_run("threshold", "no-such-program", "9", NULL), 3, unknown);
    command_expect_error(command_run("exclude", "1", "no-such-program", "--reason", "r", NULL), 3, unknown);
    command_expect_integer(db, "SELECT count(*) FROM threshold", 0);
    /* One that was set before can be taken back. */
    command_execute(db, "INSERT INTO threshold SELECT benchmark, 7 FROM benchmark");
    command_succeed(command_run("threshold", "no-such-program", "--undo", NULL));
    command_expect_integer(db, "SELECT count(*) FROM threshold", 0);
}

static void a_command_does_not_read_the_terminal(void **state)
{
    (void)state;
    /* cat ends at once, as its input is empty. */
    command_succeed(command_run("run", "--samples", "1", "--", "cat", NULL));
}

static void commands_and_maps_are_told_apart(void **state)
{
    (void)state;
    command_expect_error(command_run("run", "--", NULL), 2, "the command is missing after --");
    command_expect_error(command_run("run", "--", "", NULL), 2, "the command is missing after --");
    command_expect_error(command_run("run", "true", NULL), 2,
                         "true: a command comes after --, as in: pricereport run -- true ...");
    command_expect_error(command_run("run", "--in", "f", "--", "true", NULL), 2, "--in is for maps");
    command_expect_error(command_run("run", "--rows", "3", "--", "true", NULL), 2, "--rows is for maps");
    command_expect_error(
        command_run("run", "--in", "f", "--source", "s", "--map", "m", "--show-output", NULL), 2,
        "--show-output and --ignore-failure are for commands");
    command_expect_error(
        command_run("run", "--in", "f", "--source", "s", "--map", "m", "--rounds", "3", NULL), 2,
        "--rounds: the map takes none: write {rounds}");
    command_expect_error(command_run("run", "--in", "f", "--source", "s", "--map", "f({rounds})", NULL), 2,
                         "the map has {rounds}: give --rounds");
    assert_int_equal(access(db, F_OK), -1);
}

static void a_scan_is_every_combination(void **state)
{
    (void)state;
    command_make_prices();
    command_succeed(command_run("run", "--in", "prices.db", "--source", "prices", "--map",
                                "increase_price_crazy(p, 10, {rounds}) + {rounds}", "--rows", "5-20:5",
                                "--rounds", "1-4x2,7", "--executor", "serial,threads", "--workers", "2-3",
                                "--chunk", "4", "--samples", "1", "--verify", NULL));
    /* Four rows, four rounds, serial once and threads with two numbers of workers. */
    command_expect_integer(db, "SELECT count(*) FROM history", 4 * 4 * 3);
    command_expect_text(db, "SELECT group_concat(DISTINCT rows) FROM history", "5,10,15,20");
    command_expect_text(db, "SELECT group_concat(DISTINCT rounds) FROM history", "1,2,4,7");
    command_expect_integer(
        db,
        "SELECT count(*) FROM history AS h JOIN benchmark AS b ON b.benchmark = h.benchmark_id"
        " WHERE h.rows = b.rows",
        48);
    command_expect_integer(
        db, "SELECT count(*) FROM history WHERE variant = 'threads × 3, chunk 4, 15 rows, 2 rounds'", 1);
    command_expect_text(
        db, "SELECT parameters FROM benchmark WHERE benchmark = 1",
        "{\"executor\":\"serial\",\"chunk\":4,\"rows\":5,\"rounds\":1,\"database\":\"prices.db\","
        "\"source\":\"prices\",\"map\":\"increase_price_crazy(p, 10, {rounds}) + {rounds}\"}");
    /* Each is compared with the serial one of its own rows and rounds. */
    command_expect_integer(
        db,
        "SELECT count(*) FROM measurement AS m JOIN measurement AS s ON s.measurement = m.baseline"
        "  JOIN benchmark AS b ON b.benchmark = m.benchmark JOIN benchmark AS c ON c.benchmark = s.benchmark"
        " WHERE c.executor = 'serial' AND (b.rows, b.rounds) = (c.rows, c.rounds)",
        48);
}

static void rows_are_the_first_of_any_source(void **state)
{
    (void)state;
    static const char *const sources[] = {"prices",
                                          "main.\"prices\"",
                                          "  select id, p from prices where p > 42; ",
                                          "WITH w AS (SELECT * FROM prices) SELECT * FROM w -- all",
                                          "(SELECT p FROM prices)",
                                          "VALUES (1),(2),(3)"};
    command_make_prices();
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        command_succeed(command_run("run", "--in", "prices.db", "--source", sources[i], "--map",
                                    i == 5 ? "column1" : "p", "--rows", "1,3", "--executor", "serial",
                                    "--samples", "1", NULL));
    command_expect_integer(db, "SELECT count(*) FROM measurement WHERE rows = 1 + 2 * position", 12);
    command_expect_error(command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p", "--rows",
                                     "20,21", "--samples", "1", NULL),
                         3, "--rows 21: prices has only 20 rows");
    command_expect_error(command_run("run", "--in", "prices.db", "--source", "prices; DROP TABLE prices",
                                     "--map", "p", "--rows", "3", "--samples", "1", NULL),
                         3, "cannot map p over prices; DROP TABLE prices");
    assert_int_equal(command_integer("prices.db", "SELECT count(*) FROM prices"), 20);
}

static void the_experiment_is_scanned(void **state)
{
    (void)state;
    Outcome outcome =
        command_run("--rows", "20,50", "--rounds", "10", "--executor", "serial,auto", "--samples", "1", NULL);
    command_expect_success(&outcome);
    /* What the published experiment means is not said of another one. */
    assert_null(strstr(outcome.out, "What it means"));
    assert_non_null(strstr(outcome.out, "serial, 50 rows, 10 rounds"));
    command_free(&outcome);
    /* The cheap raise has no rounds; the prices go on by the same rule. */
    command_expect_integer(
        db, "SELECT count(*) FROM history WHERE benchmark = 'increase_price' AND rounds IS NULL", 4);
    command_expect_integer(
        db, "SELECT count(*) FROM history WHERE benchmark = 'increase_price_crazy' AND rounds = 10", 4);
    command_expect_integer(db, "SELECT count(*) FROM history WHERE rows = 50 AND speed_up > 0", 4);
}

static void lists_that_are_none_are_named(void **state)
{
    (void)state;
    static const char *const wrong[] = {"1-",   "-3",   "3-1", "1-9:0", "1-9x1", "1-9x",
                                        "1-9:", "1,,2", "1 2", "+1",    "0-3",   "1-9y2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char part[64];
        snprintf(part, sizeof part, "--rows %s: give numbers from 1 to 2147483647 or ranges", wrong[i]);
        char *option = sqlite3_mprintf("--rows=%s", wrong[i]);
        command_expect_error(command_run(option, NULL), 2, part);
        sqlite3_free(option);
    }
    command_expect_error(command_run("--rounds", "1-1000", NULL), 2, "--rounds: at most 64 numbers");
    command_expect_error(command_run("--workers", "1-4,3", NULL), 2, "--workers: 3 is there twice");
    command_expect_error(
        command_run("--rows", "1-60", "--rounds", "1-60", "--chunk", "1-60", "--executor", "serial", NULL), 3,
        "more than 10000 combinations");
}

/* Starts it, waits until it has recorded `least` samples, and sends the signal. */
static pid_t start_and_signal(pid_t pid, int least, int signal_number)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    for (sqlite3_int64 count = -1; count < least;) {
        nanosleep(&pause, NULL);
        if (waitpid(pid, NULL, WNOHANG) == pid)
            fail_msg("it ended by itself");
        if (access(db, F_OK) == 0 &&
            command_integer(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'task'"))
            count = command_integer(db, "SELECT count(*) FROM sample WHERE NOT warmup");
    }
    kill(pid, signal_number);
    return pid;
}

static void expect_interrupted(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "%s.err", name);
    char *err = command_read_file(path);
    if (strcmp(err,
               "pricereport: interrupted: run 1 of pricereport.db keeps what was measured until then\n") != 0)
        fail_msg("unexpected: %s", err);
    free(err);
    command_expect_text(db, "SELECT status FROM run", "interrupted");
    command_expect_integer(db, "SELECT finished_at IS NOT NULL AND error IS NULL FROM run", 1);
    command_expect_integer(
        db,
        "SELECT count(*) FROM measurement AS m WHERE samples <> (SELECT count(*) FROM sample AS s"
        " WHERE s.measurement = m.measurement AND NOT warmup)",
        0);
}

static void an_interrupted_run_keeps_and_prints_what_it_had(void **state)
{
    (void)state;
    command_make_prices();
    pid_t pid = command_start("maps", "run", "--in", "prices.db", "--source", "prices", "--map",
                              "increase_price(p)", "--samples", "1000000", NULL);
    assert_int_equal(command_wait(start_and_signal(pid, 9, SIGINT)), 3);
    expect_interrupted("maps");
    assert_true(command_integer(db, "SELECT sum(samples) FROM measurement") >= 9);
    char *out = command_read_file("maps.out");
    assert_non_null(strstr(out, "processes × "));
    assert_non_null(strstr(out, "Run 1, recorded in"));
    free(out);
}

static void an_interrupted_experiment_keeps_and_prints_what_it_had(void **state)
{
    (void)state;
    pid_t pid = command_start("experiment", "--samples", "1000000", NULL);
    assert_int_equal(command_wait(start_and_signal(pid, 12, SIGINT)), 3);
    expect_interrupted("experiment");
    char *out = command_read_file("experiment.out");
    assert_non_null(strstr(out, "increase_price_crazy  processes × 2"));
    assert_null(strstr(out, "What it means"));
    free(out);
}

static void a_long_map_is_interrupted_at_once(void **state)
{
    (void)state;
    command_make_prices();
    static const char *const executors[] = {EXECUTOR_STRINGS};
    for (size_t i = 0; i < 3; i++) {
        /* Nothing is sampled before the signal comes: a map that takes hours is going on. */
        remove(db);
        pid_t pid =
            command_start("long", "run", "--in", "prices.db", "--source", "prices", "--map",
                          "increase_price_crazy(p, 10, 1000000000)", "--executor", executors[i], NULL);
        const struct timespec begun = {.tv_nsec = 200000000};
        start_and_signal(pid, 0, 0);
        nanosleep(&begun, NULL);
        kill(pid, i == 0 ? SIGTERM : SIGINT);
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        int status = command_wait(pid);
        clock_gettime(CLOCK_MONOTONIC, &after);
        if (status != 3)
            fail_msg("%s: status %d", executors[i], status);
        /* One price takes seconds; that it did not take the minutes of all is no matter of speed. */
        assert_true(after.tv_sec - before.tv_sec < 60);
        expect_interrupted("long");
    }
}

static void a_command_is_interrupted(void **state)
{
    (void)state;
    pid_t pid = command_start("command", "run", "--", "sh", "-c",
                              "sleep 0.01 && [ -e stay ] && exec sleep 1000 || exit 0", NULL);
    start_and_signal(pid, 2, 0);
    command_write_file("stay", "");
    const struct timespec pause = {.tv_nsec = 300000000};
    nanosleep(&pause, NULL);
    kill(pid, SIGTERM);
    assert_int_equal(command_wait(pid), 3);
    expect_interrupted("command");
    assert_true(command_integer(db, "SELECT samples FROM measurement") >= 2);
}

static void a_second_signal_ends_at_once(void **state)
{
    (void)state;
    /* The command does not heed the signal, so that the run does not end. */
    pid_t pid =
        command_start("stubborn", "run", "--", "sh", "-c",
                      "trap '' TERM INT; touch started; for i in 1 2 3 4 5 6; do sleep 1; done", NULL);
    const struct timespec pause = {.tv_nsec = 300000000};
    while (access("started", F_OK) != 0)
        nanosleep(&pause, NULL);
    kill(pid, SIGINT);
    nanosleep(&pause, NULL);
    kill(pid, SIGINT);
    assert_int_equal(command_wait(pid), 1000 + SIGINT);
    command_expect_text(db, "SELECT status FROM run", "unfinished");
}

/* The base of a run's comparison with the one before it, by benchmark. */
static void expect_base(const char *run, const char *base)
{
    Outcome outcome = command_run("compare", "previous", run, "--csv", NULL);
    command_expect_success(&outcome);
    char *column = sqlite3_mprintf(",%s,%s,", base, run);
    assert_non_null(strstr(outcome.out, column));
    sqlite3_free(column);
    command_free(&outcome);
}

/* A name is what a history is kept under, whatever it times: two builds of a program, another source. */
static void a_name_is_one_history(void **state)
{
    (void)state;
    command_succeed(command_run("run", "--samples", "6", "--name", "tool", "--", "true", NULL));
    command_succeed(command_run("run", "--samples", "6", "--name", "tool", "--", "sleep", "0.001", NULL));
    expect_base("2", "1");
    command_make_prices();
    command_succeed(command_run("run", "--samples", "6", "--name", "map", "--in", "prices.db", "--source",
                                "prices", "--map", "p", "--executor", "serial", NULL));
    command_succeed(command_run("run", "--samples", "6", "--name", "map", "--in", "prices.db", "--source",
                                "SELECT id, p FROM prices", "--map", "p + 1", "--executor", "serial", NULL));
    expect_base("4", "3");
    command_succeed(command_run("run", "--samples", "1", "--", "true", NULL));
    command_expect_text(db, "SELECT parameters FROM benchmark WHERE name = 'true'",
                        "{\"command\":[\"true\"]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_command_is_timed, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(memory_is_that_of_the_command_alone, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(user_time_is_that_of_the_command, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_fails_is_not_timed, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_was_never_timed_is_no_benchmark, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(a_name_is_one_history, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_command_does_not_read_the_terminal, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(commands_and_maps_are_told_apart, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_scan_is_every_combination, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(rows_are_the_first_of_any_source, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_experiment_is_scanned, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(lists_that_are_none_are_named, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_run_keeps_and_prints_what_it_had, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_experiment_keeps_and_prints_what_it_had, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(a_long_map_is_interrupted_at_once, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_command_is_interrupted, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_second_signal_ends_at_once, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
