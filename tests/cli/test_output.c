/* What pricereport prints, for people and for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/command.h"

static const char hostile[] = "a \"b\", c | d; <i>&amp;</i>\n\x1b[31mred\\ `e` é";

static char *as_literal(const char *text)
{
    return sqlite3_mprintf("%Q", text);
}

/* The value of an SQL expression over the text, which is the table t's column j. */
static void expect_of(const char *text, const char *expression, const char *expected)
{
    char *literal = as_literal(text);
    char *sql = sqlite3_mprintf("WITH t(j) AS (SELECT %s) SELECT %s FROM t", literal, expression);
    char *found = command_text(":memory:", sql);
    assert_string_equal(found, expected);
    sqlite3_free(found);
    sqlite3_free(sql);
    sqlite3_free(literal);
}

static Outcome succeed(Outcome outcome)
{
    command_expect_success(&outcome);
    return outcome;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* Fields of the first record of RFC 4180; *next is set to the following one. -1: malformed. */
static int csv_fields(const char *text, const char **next)
{
    int fields = 1;
    for (; *text && strncmp(text, "\r\n", 2) != 0; text++) {
        if (*text == ',')
            fields++;
        if (*text == '\r' || *text == '\n')
            return -1;
        if (*text != '"')
            continue;
        for (text++; *text && (text[0] != '"' || text[1] == '"'); text++)
            text += text[0] == '"';
        if (!*text)
            return -1;
    }
    if (!*text)
        return -1;
    *next = text + 2;
    return fields;
}

static void expect_csv(const char *text, int records)
{
    const char *next = text;
    int fields = csv_fields(text, &next);
    assert_true(fields > 1);
    int found = 0;
    while (*next) {
        assert_int_equal(csv_fields(next, &next), fields);
        found++;
    }
    assert_int_equal(found, records);
}

static void record_two_runs(void)
{
    Outcome outcome = succeed(command_run("--samples", "6", "--label", hostile, NULL));
    command_free(&outcome);
    outcome = succeed(command_run("--samples", "1", NULL));
    command_free(&outcome);
}

static void the_experiment_prints_six_rows_and_what_they_mean(void **state)
{
    (void)state;
    Outcome outcome = succeed(command_run("--samples", "6", NULL));
    char *line = strtok(outcome.out, "\n");
    static const char *const columns[] = {"function",      "executor", "median",
                                          "95 % interval", "speed-up", "published (Python, 2016)"};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        assert_non_null(strstr(line, columns[i]));
    static const char *const rows[6][3] = {
        {"increase_price ", " serial ", " 22.0 µs "},
        {"increase_price ", " threads × 2 ", " 1.65 ms "},
        {"increase_price ", " processes × 2 ", " 16.3 ms "},
        {"increase_price_crazy ", " serial ", " 4.10 s "},
        {"increase_price_crazy ", " threads × 2 ", " 4.57 s "},
        {"increase_price_crazy ", " processes × 2 ", " 2.08 s "},
    };
    strtok(NULL, "\n");
    for (size_t i = 0; i < 6; i++) {
        line = strtok(NULL, "\n");
        for (size_t j = 0; j < 3; j++)
            if (!strstr(line, rows[i][j]))
                fail_msg("\"%s\" is not in: %s", rows[i][j], line);
        assert_non_null(strstr(line, " … "));
    }
    line = strtok(NULL, "\n");
    assert_ptr_equal(strstr(line, "What it means: for cheap work parallelism "), line);
    assert_string_equal(strtok(NULL, "\n"), "Run 1, recorded in pricereport.db");
    line = strtok(NULL, "\n");
    assert_true(!line || strncmp(line, "The machine was busy: load average ", 35) == 0);
    command_free(&outcome);
}

static void the_experiment_for_programs(void **state)
{
    (void)state;
    Outcome outcome = succeed(command_run("--samples", "1", "--json", NULL));
    expect_of(outcome.out, "json_array_length(j)", "6");
    expect_of(outcome.out, "(SELECT group_concat(value ->> 'published_seconds') FROM json_each(j))",
              "2.2e-05,0.001646,0.016269,4.10181,4.566346,2.082025");
    expect_of(outcome.out, "(SELECT count(*) FROM json_each(j) WHERE value ->> 'median_seconds' > 0)", "6");
    command_free(&outcome);
    outcome = succeed(command_run("--samples", "1", "--csv", NULL));
    expect_csv(outcome.out, 6);
    command_free(&outcome);
    outcome = succeed(command_run("--samples", "1", "--markdown", NULL));
    assert_int_equal(count_lines(outcome.out), 8);
    command_free(&outcome);
    command_make_prices();
    outcome = succeed(command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p",
                                  "--executor", "serial", "--samples", "1", "--json", NULL));
    expect_of(outcome.out, "json_array_length(j) || (j ->> '$[0].benchmark') || (j ->> '$[0].rows')", "1p20");
    command_free(&outcome);
}

static void lists_parse(void **state)
{
    (void)state;
    record_two_runs();
    Outcome outcome = succeed(command_run("list", "--json", NULL));
    char *literal = as_literal(hostile);
    char *same = sqlite3_mprintf("j ->> '$[0].label' = %s", literal);
    expect_of(outcome.out, same, "1");
    sqlite3_free(same);
    sqlite3_free(literal);
    expect_of(outcome.out, "json_array_length(j) || (j ->> '$[1].status')", "2finished");
    expect_of(outcome.out, "(j ->> '$[1].label') IS NULL", "1");
    command_free(&outcome);
    outcome = succeed(command_run("list", "--csv", NULL));
    expect_csv(outcome.out, 2);
    command_free(&outcome);
    outcome = succeed(command_run("list", "--markdown", NULL));
    assert_int_equal(count_lines(outcome.out), 4);
    assert_non_null(strstr(outcome.out, "c \\| d; \\<i\\>\\&amp;\\</i\\>?"));
    command_free(&outcome);
    outcome = succeed(command_run("list", NULL));
    assert_int_equal(count_lines(outcome.out), 4);
    assert_non_null(strstr(outcome.out, "?[31mred"));
    assert_null(strchr(outcome.out, '\x1b'));
    command_free(&outcome);
}

static void an_empty_list_parses(void **state)
{
    (void)state;
    command_write_file("empty.db", "");
    Outcome outcome = succeed(command_run("list", "--db", "empty.db", "--json", NULL));
    expect_of(outcome.out, "json_array_length(j)", "0");
    command_free(&outcome);
}

/* A shell that reads what `show` says measures the same again. */
static void the_command_of_a_run_can_be_typed(void **state)
{
    (void)state;
    Outcome outcome = succeed(command_run("--samples", "1", "--label", "it's `a` $label", NULL));
    command_free(&outcome);
    outcome = succeed(command_run("run", "--samples", "1", "--", "sh", "-c", ": 'a b' \"$0\" \\ * ~", "", "~",
                                  "x=1", NULL));
    command_free(&outcome);
    for (int run = 1; run <= 2; run++) {
        char number[4], script[2000];
        snprintf(number, sizeof number, "%d", run);
        outcome = succeed(command_run("show", number, NULL));
        char *line = strstr(outcome.out, "\ncommand  ");
        assert_non_null(line);
        line = strstr(line, "pricereport");
        snprintf(script, sizeof script, "pricereport() { \"$PRICEREPORT\" \"$@\"; }; %.*s >/dev/null",
                 (int)strcspn(line, "\n"), line);
        assert_int_equal(system(script), 0);
        command_free(&outcome);
    }
    assert_int_equal(
        command_integer(
            "pricereport.db",
            "SELECT count(*) FROM run AS a JOIN run AS b ON b.run = a.run + 2 AND b.verb = a.verb "
            "AND b.options -> 'arguments' = a.options -> 'arguments'"),
        2);
}

static void a_run_is_shown(void **state)
{
    (void)state;
    record_two_runs();
    Outcome outcome = succeed(command_run("show", "1", "--json", NULL));
    expect_of(outcome.out,
              "(j ->> '$.run.run') || (j ->> '$.run.status') || json_array_length(j, '$.measurements')",
              "1finished6");
    expect_of(outcome.out, "j ->> '$.run.options.arguments[0]'", "--samples");
    command_free(&outcome);
    outcome = succeed(command_run("show", "latest", "--csv", NULL));
    expect_csv(outcome.out, 6);
    command_free(&outcome);
    outcome = succeed(command_run("show", "1", "--samples", "--csv", NULL));
    int samples = (int)command_integer("pricereport.db", "SELECT count(*) FROM sample JOIN measurement USING "
                                                         "(measurement) WHERE run = 1");
    expect_csv(outcome.out, samples);
    command_free(&outcome);
    outcome = succeed(command_run("show", "1", "--samples", "--json", NULL));
    char number[32];
    snprintf(number, sizeof number, "%d", samples);
    expect_of(outcome.out, "json_array_length(j)", number);
    command_free(&outcome);
    outcome = succeed(command_run("show", "1", NULL));
    assert_non_null(strstr(outcome.out, "pricereport --samples 6 --label"));
    assert_non_null(strstr(outcome.out, "seed "));
    command_free(&outcome);
    outcome = succeed(command_run("show", "--markdown", NULL));
    assert_non_null(strstr(outcome.out, "| increase_price_crazy | processes × 2 |"));
    command_free(&outcome);
    command_expect_error(command_run("show", "3", NULL), 3,
                         "3: pricereport.db has no run with this number, label, branch or commit");
    command_expect_error(command_run("show", "frob", NULL), 3, "frob: pricereport.db has no run with this");
    command_expect_error(command_run("show", "1x", NULL), 3, "1x: pricereport.db has no run");
    command_expect_error(command_run("show", "99999999999999999999", NULL), 3, "has no run with this number");
}

/* Runs `list` with its standard output on `path`, and its standard error in command.err. */
static int list_into(const char *path)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int out = open(path, O_WRONLY), err = open("command.err", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        dup2(out, 1);
        dup2(err, 2);
        execl(getenv("PRICEREPORT"), "pricereport", "list", (char *)NULL);
        _exit(127);
    }
    return command_wait(pid);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    record_two_runs();
    assert_int_equal(list_into("/dev/full"), 3);
    char *err = command_read_file("command.err");
    assert_non_null(strstr(err, "pricereport: cannot write the output: No space left"));
    free(err);
}

static void progress_is_shown_on_a_terminal_alone(void **state)
{
    (void)state;
    /* A line of its own is kept apart from what follows: the last thing is that it is removed. */
    char *text = command_on_terminal("--samples", "6", NULL);
    assert_non_null(strstr(text, "increase_price"));
    assert_string_equal(text + strlen(text) - 4, "\r\033[K");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_experiment_prints_six_rows_and_what_they_mean, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(the_experiment_for_programs, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(lists_parse, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(an_empty_list_parses, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_command_of_a_run_can_be_typed, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_run_is_shown, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_an_error, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(progress_is_shown_on_a_terminal_alone, command_setup,
                                        command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
