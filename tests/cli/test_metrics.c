/* Metrics of commands beside their times: measured, recorded, shown, and judged in their own direction. */
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

static void expect_printed(Outcome outcome, int status, const char *part)
{
    if (outcome.status != status || !strstr(outcome.out, part))
        fail_msg("status %d, and %s is not in: %s%s", outcome.status, part, outcome.out, outcome.err);
    command_free(&outcome);
}

static void printed_numbers_memory_and_sizes(void **state)
{
    (void)state;
    expect_printed(command_run("run", "-r", "6", "--metric", "rows [1/s, more]=([0-9.]+) rows", "--metric",
                               "faults=faults: [0-9]+", "--metric", "width [mm]=[0-9]+mm", "--memory",
                               "--file-size", "made", "-n", "job", "--command",
                               "echo 12.5 rows >&2; echo 7mm; head -c 3072 /dev/zero >made", NULL),
                   3, "");
    remove(db);
    expect_printed(command_run("run", "-r", "6", "--metric", "rows [1/s, more]=([0-9.]+) rows", "--metric",
                               "width [mm]=([0-9]+)mm", "--memory", "--file-size", "made", "-n", "job",
                               "--command", "echo 12.5 rows >&2; echo 7mm; head -c 3072 /dev/zero >made",
                               NULL),
                   0, "job · rows");
    command_expect_text(
        db,
        "SELECT group_concat(variant || '/' || coalesce(unit, '') || '/' || more_is_better, ' ') FROM benchmark",
        "//0 rows/1/s/1 width/mm/0 peak memory/B/0 size of made/B/0");
    command_expect_text(db,
                        "SELECT group_concat(median_seconds, ' ') FROM history WHERE metric <> 'peak memory'",
                        "12.5 7.0 3072.0");
    command_expect_integer(db, "SELECT count(*) FROM sample WHERE value IS NOT NULL AND NOT warmup", 24);
    command_expect_integer(db,
                           "SELECT count(*) FROM sample JOIN measurement USING (measurement) JOIN benchmark "
                           "USING (benchmark) WHERE metric = 'peak memory' AND value = 1024 * "
                           "sample.peak_memory_kib AND value > 100000",
                           7);
    expect_printed(command_run("show", NULL), 0, "3.00 KiB");
    expect_printed(command_run("show", NULL), 0, "12.5 1/s");
    expect_printed(command_run("show", "--json", NULL), 0, "\"unit\":\"mm\"");
    expect_printed(command_run("show", "--samples", "--csv", NULL), 0, ",rows,1/s,12.5");
    expect_printed(command_run("history", "job rows", NULL), 0, "12.5 1/s");
    expect_printed(command_run("export", NULL), 0, "\"value\":3072.0");
    /* A copy has them, too. */
    command_succeed(command_run("merge", db, "--db", "copy.db", NULL));
    command_expect_integer("copy.db", "SELECT count(*) FROM sample WHERE value IS NOT NULL AND NOT warmup",
                           24);
    command_expect_text("copy.db", "SELECT group_concat(variant) FROM benchmark",
                        ",rows,width,peak memory,size of made");
}

static void wrong_ones_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[8], *part;
        int status;
    } cases[] = {
        {{"--metric", "rows", "--command", "true"}, "--metric rows: give a name and a regular expression", 2},
        {{"--metric", "=x", "--command", "true"}, "--metric =x: the name is empty", 2},
        {{"--metric", "n [s=1", "--command", "echo 1"},
         "--metric n [s=1: the ] after the unit is missing",
         2},
        {{"--metric", "n [a=b]=1", "--command", "echo 1"}, "the ] after the unit is missing", 2},
        {{"--metric", "n=(", "--command", "true"}, "( is no extended regular expression", 2},
        {{"--metric", "n=1", "--metric", "n=2", "--command", "true"}, "--metric: n is there twice", 2},
        {{"--metric", "n=1", "--show-output", "--command", "true"},
         "leave out --output and --show-output",
         2},
        {{"--memory", "--in", "f", "--source", "t", "--map", "x"},
         "--metric, --memory and --file-size are",
         2},
        {{"--metric", "n=x", "--command", "true"}, "--metric n: the command printed nothing that matches", 3},
        {{"--metric", "n=x.*", "--command", "echo x5"}, "--metric n: 'x5' is no number from 0 on", 3},
        {{"--metric", "n=(-.*)", "--command", "echo -5"}, "--metric n: '-5' is no number from 0 on", 3},
        {{"--metric", "n=.*", "--command", "printf '12%80sMB' ''"}, "--metric n: '12  ", 3},
        {{"--metric", "n=.*", "--command", "printf '1%500sMB' ''"}, "--metric n: '1  ", 3},
        {{"--metric", "n=n ([0-9]+)", "--command", "head -c 67108864 /dev/zero; echo n 5"},
         "--metric n: the command printed more than 64 MiB",
         3},
        {{"--file-size", "none", "--command", "true"}, "--file-size: cannot find none after the command", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *arguments[12] = {"run", "-r", "2"};
        memcpy(arguments + 3, cases[i].arguments, sizeof cases[i].arguments);
        command_expect_error(command_run_list(arguments), cases[i].status, cases[i].part);
    }
    /* All digits count, also of a long number. */
    command_succeed(
        command_run("run", "-r", "2", "--metric", "long=[0-9]+", "--command", "printf '1%0100d' 0", NULL));
    command_expect_integer(db, "SELECT median_seconds = 1e100 FROM history WHERE metric = 'long'", 1);
    /* A command that may fail may lack a figure; the others count. */
    command_write_file("n", "0");
    command_succeed(command_run("run", "-i", "-r", "6", "-w", "0", "--metric", "n=n ([0-9]+)", "--command",
                                "read n <n; echo $((n + 1)) >n; [ $n = 3 ] || echo n 4", NULL));
    command_expect_text(db,
                        "SELECT m.samples || ' ' || m.median_seconds FROM measurement AS m JOIN benchmark "
                        "USING (benchmark) JOIN run USING (run) WHERE metric = 'n' AND status = 'finished'",
                        "5 4.0");
}

/* Two runs of a command that prints what a file holds, first `before`, then `after`, and the check. */
static void check_change(const char *metric, const char *before, const char *after, int status,
                         const char *part)
{
    remove(db);
    command_write_file("figure", before);
    command_succeed(
        command_run("run", "-r", "12", "-n", "job", "--metric", metric, "--command", "cat figure", NULL));
    command_write_file("figure", after);
    command_succeed(
        command_run("run", "-r", "12", "-n", "job", "--metric", metric, "--command", "cat figure", NULL));
    /* The times are not what is tested. */
    command_execute(db, "DELETE FROM sample WHERE value IS NULL; UPDATE measurement SET samples = 0 WHERE "
                        "benchmark = 1");
    expect_printed(command_run("check", NULL), status, part);
}

static void judged_in_their_direction(void **state)
{
    (void)state;
    check_change("n=[0-9]+", "100", "120", 1, "regression");
    check_change("n=[0-9]+", "120", "100", 0, "improved");
    check_change("n [more]=[0-9]+", "100", "120", 0, "improved");
    check_change("n [more]=[0-9]+", "120", "100", 1, "confirmed by run 3");
    /* What is accepted is accepted down to the threshold, and no further. */
    command_succeed(command_run("ack", "2", "--reason", "meant", NULL));
    expect_printed(command_run("check", "2", NULL), 0, "acknowledged: meant");
    /* The best is the greatest. */
    expect_printed(command_run("compare", "best", "2", NULL), 0, "120");
    command_write_file("figure", "100");
    for (int i = 0; i < 7; i++)
        command_succeed(command_run("run", "-r", "2", "-n", "job", "--metric", "n [more]=[0-9]+", "--command",
                                    "cat figure", NULL));
    command_write_file("figure", "50");
    for (int i = 0; i < 4; i++)
        command_succeed(command_run("run", "-r", "2", "-n", "job", "--metric", "n [more]=[0-9]+", "--command",
                                    "cat figure", NULL));
    expect_printed(command_run("history", "job n", "--changes", NULL), 0, "regression -51.0 %");
    Outcome outcome = command_run("plot", "--format", "txt", "--chart", "history", NULL);
    if (outcome.status == 0)
        assert_non_null(strstr(outcome.out, "job · n"));
    command_free(&outcome);
    char *data = command_read_file("pricereport-charts/history.dat");
    assert_non_null(strstr(data, "job · n"));
    free(data);
}

/* Several commands are compared by each metric, the best of it ahead; and not across metrics. */
static void commands_are_compared_by_metrics(void **state)
{
    (void)state;
    command_succeed(command_run("run", "-r", "8", "--metric", "rows [more]=rows ([0-9]+)", "--metric",
                                "cost=cost ([0-9]+)", "--metric", "even=even ([0-9]+)", "--memory", "-n", "a",
                                "-n", "b", "--command", "echo rows 10 cost 4 even 1", "--command",
                                "echo rows 20 cost 8 even 1", NULL));
    /* The peak memory is what a test makes it. */
    command_execute(
        db, "UPDATE sample SET value = iif((SELECT position FROM measurement AS m WHERE m.measurement = "
            "sample.measurement) = 4, 1e6, 2e6) WHERE measurement IN (SELECT measurement FROM measurement "
            "JOIN benchmark USING (benchmark) WHERE metric = 'peak memory')");
    command_execute(db,
                    "UPDATE measurement SET median_seconds = iif(position = 4, 1e6, 2e6) WHERE benchmark IN "
                    "(SELECT benchmark FROM benchmark WHERE metric = 'peak memory')");
    command_expect_output(command_run("show", NULL), 0,
                          "\n'b' has 2.00 (2.00 … 2.00) times as much 'rows' as 'a'\n",
                          "\n'a' has 2.00 (2.00 … 2.00) times less 'cost' than 'b'\n",
                          "\n'a' and 'b' cannot be told apart by 'even': 1.00 (1.00 … 1.00)\n",
                          "\n'a' uses 2.00 (2.00 … 2.00) times less memory than 'b'\n", NULL);
    /* With too few samples there is a ratio alone, and 0 has none. */
    remove(db);
    command_expect_output(
        command_run("run", "-r", "2", "--metric", "cost=cost ([0-9]+)", "--metric", "none=0", "-n", "a", "-n",
                    "b", "--command", "echo cost 4 0", "--command", "echo cost 8 0", NULL),
        0, "'a' has 2.00 times less 'cost' than 'b', of too few samples for an interval", NULL);
    Outcome outcome = command_run("show", NULL);
    assert_null(strstr(outcome.out, "'none'"));
    command_free(&outcome);
}

/* A program that the setup makes is found in PATH, and one that is replaced there, too. */
static void programs_are_found_in_path(void **state)
{
    (void)state;
    char folder[256], *before = strdup(getenv("PATH")), *path;
    assert_non_null(before);
    assert_non_null(getcwd(folder, sizeof folder));
    path = sqlite3_mprintf("%s/first:%s/second:%s", folder, folder, before);
    setenv("PATH", path, 1);
    command_succeed(
        command_run("run", "-r", "2", "-w", "0", "-n", "job", "--metric", "n=n ([0-9]+)", "--setup",
                    "mkdir first second; for i in first second; do printf '#!/bin/sh\necho n $1\n' "
                    ">$i/tool; chmod +x $i/tool; done; echo >>first/tool",
                    "--prepare", "[ -e once ] && rm -rf first; touch once", "--", "tool", "7", NULL));
    command_expect_text(db, "SELECT group_concat(value) FROM sample WHERE value IS NOT NULL", "7.0,7.0");
    assert_int_equal(system("[ ! -e first ] && rm -r second"), 0);
    command_expect_error(command_run("run", "-r", "2", "--", "tool", NULL), 3,
                         "cannot start tool: No such file");
    setenv("PATH", before, 1);
    sqlite3_free(path);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(printed_numbers_memory_and_sizes, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(wrong_ones_are_named, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(commands_are_compared_by_metrics, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(programs_are_found_in_path, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(judged_in_their_direction, command_setup, command_teardown),
    };
    return cmocka_run_group_tests_name("cli metrics", tests, NULL, NULL);
}
