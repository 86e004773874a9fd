/* Commands that are timed together: several in one run, their parameters, and what is done around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/command.h"

static const char db[] = "pricereport.db";

static void expect_file(const char *path, const char *expected)
{
    char *text = command_read_file(path);
    if (strcmp(text, expected) != 0)
        fail_msg("%s: %s, expected %s", path, text, expected);
    free(text);
}

static void expect_shown(const char *line)
{
    Outcome outcome = command_run("show", NULL);
    command_expect_success(&outcome);
    if (!strstr(outcome.out, line))
        fail_msg("%s is not in: %s", line, outcome.out);
    command_free(&outcome);
}

static void several_are_interleaved_and_compared(void **state)
{
    (void)state;
    Outcome outcome = command_run("run", "-r", "6", "-w", "0", "--command", "true && :", "--command",
                                  "exit 0", "-n", "one", "-n", "two", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "'one'"));
    assert_non_null(strstr(outcome.out, "'two'"));
    command_free(&outcome);
    command_expect_text(
        db, "SELECT verb || group_concat(name) FROM run, (SELECT name FROM benchmark ORDER BY benchmark)",
        "commandone,two");
    expect_shown("warm-up 0, 6 samples, seed ");
    /* Each round has one sample of each, one after the other. */
    command_expect_integer(
        db,
        "SELECT count(*) FROM (SELECT round FROM sample GROUP BY round HAVING count(*) = 2 AND "
        "max(sequence) = min(sequence) + 1 AND min(sequence) = 2 * round)",
        6);
    /* The figures of the comparison, on times that are known. */
    command_execute(db, "UPDATE sample SET wall_ns = 100000000 * measurement;"
                        "UPDATE measurement SET median_seconds = 0.1 * measurement");
    expect_shown("\n'one' is 2.00 (2.00 … 2.00) times as fast as 'two'\n");
    command_execute(db, "UPDATE sample SET wall_ns = 100000000 + sequence;"
                        "UPDATE measurement SET median_seconds = 0.1 * measurement");
    expect_shown("\n'one' and 'two' cannot be told apart: 1.00 (1.00 … 1.00)\n");
    command_execute(db, "DELETE FROM sample WHERE round > 2");
    expect_shown("\n'one' is 1.00 times as fast as 'two', of too few samples for an interval\n");
    outcome = command_run("show", "--csv", NULL);
    command_expect_success(&outcome);
    assert_null(strstr(outcome.out, "told apart"));
    command_free(&outcome);
}

/* A foreign history may hold anything in a name. */
static void names_cannot_move_the_cursor(void **state)
{
    (void)state;
    command_succeed(command_run("run", "-r", "1", "--command", "true", "--command", ":", NULL));
    command_execute(db, "UPDATE benchmark SET name = char(27) || name");
    Outcome outcome = command_run("show", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "'?"));
    assert_null(strchr(outcome.out, 27));
    command_free(&outcome);
}

static void parameters_are_every_combination(void **state)
{
    (void)state;
    command_succeed(command_run("run", "-r", "1", "-w", "0", "-P", "n=1..3,9", "-P", "s=a b,{n}", "--command",
                                "echo {n} '{s}' {m} >>log", NULL));
    char *log = command_read_file("log");
    size_t lines = 0;
    for (const char *c = log; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 8);
    assert_non_null(strstr(log, "3 a b {m}\n"));
    /* A value is no command that is substituted once more. */
    assert_non_null(strstr(log, "9 {n} {m}\n"));
    free(log);
    command_expect_text(db, "SELECT name FROM benchmark WHERE benchmark = 1", "echo 1 'a b' {m} >>log");
    command_expect_text(db, "SELECT parameters FROM benchmark WHERE benchmark = 1",
                        "{\"command\":[\"/bin/sh\",\"-c\",\"echo 1 'a b' {m} >>log\"]}");
    remove(db);
    command_succeed(command_run("run", "-r", "1", "-P", "t=-0.5..1..0.25", "--", "echo", "t={t}", NULL));
    command_expect_text(
        db, "SELECT group_concat(name) FROM (SELECT name FROM benchmark ORDER BY benchmark)",
        "echo t=-0.50,echo t=-0.25,echo t=0.00,echo t=0.25,echo t=0.50,echo t=0.75,echo t=1.00");
    remove(db);
    /* A parameter that is not in the name is added to it, so that each has a history of its own. */
    command_succeed(command_run("run", "-r", "1", "-P", "n=1,2", "-P", "k=x", "-n", "sort {k}", "--command",
                                ": {n}", "-p", ": {k}", NULL));
    command_expect_text(db, "SELECT group_concat(name) FROM (SELECT name FROM benchmark ORDER BY benchmark)",
                        "sort x (n = 1),sort x (n = 2)");
    command_expect_integer(db, "SELECT count(*) FROM benchmark WHERE parameters = '{}'", 2);
}

static void wrong_usage_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[12], *part;
    } cases[] = {
        {{"--command", "true", "--command", "true"}, "true is there twice: give each its --name"},
        {{"--command", "true", "-P", "n=1"}, "--parameter n: no command has {n}"},
        {{"--command", "true", "-P", "n"}, "--parameter n: give a name and its values"},
        {{"--command", "true", "-P", "=1"}, "--parameter =1: give a name and its values"},
        {{"--command", "true", "-P", "n=1,,2"}, "--parameter n=1,,2: give values"},
        {{"--command", "true", "-P", "n="}, "--parameter n=: give values"},
        {{"--command", "true", "-P", "n=4..1"}, "--parameter n=4..1: a range goes up"},
        {{"--command", "true", "-P", "n=1..4..0"}, "--parameter n=1..4..0: a range goes up"},
        {{"--command", "true", "-P", "n=1..1001"}, "in at most 1000 steps"},
        {{"--command", ": {n}{k}", "-P", "n=1..100", "-P", "k=1..11"}, "more than 1000 combinations"},
        {{"--command", "true", "-P", "n=1", "-P", "n=2"}, "n is there twice"},
        {{"--command", " "}, "--command is empty"},
        {{"--command", "true", "--", "true"}, "--command and a command after --: give either"},
        {{"--command", "true", "--in", "f"}, "--in is for maps"},
        {{"--command", "true", "-n", "a", "-n", "b"}, "--name: 2 of them for 1 commands"},
        {{"--command", "a", "--command", "b", "-n", "a"}, "--name: 1 of them for 2 commands"},
        {{"--command", "a", "-p", "b", "-p", "c"}, "--prepare: 2 of them for 1 commands"},
        {{"--command", "a", "-s", "b", "-s", "c"}, "--setup and --cleanup: give each once"},
        {{"--command", "echo 'a", "-N"}, "echo 'a: a quote in it does not end"},
        {{"--command", "true", "-S", "sh 'a"}, "sh 'a: a quote in it does not end"},
        {{"--in", "f", "--source", "s", "--map", "m", "-p", "true"}, "--cleanup are for commands"},
        {{"--in", "f", "--source", "s", "--map", "m", "-N"}, "--parameter are for commands"},
        {{"--in", "f", "--source", "s", "--map", "m", "-n", "a", "-n", "b"}, "a map has one name"},
        {{"sleep 1"}, "pricereport run --command 'sleep 1'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *arguments[16] = {"run", "-r", "1"};
        memcpy(arguments + 3, cases[i].arguments, sizeof cases[i].arguments);
        command_expect_error(command_run_list(arguments), 2, cases[i].part);
    }
    assert_int_equal(access(db, F_OK), -1);
}

static void what_is_around_is_not_timed(void **state)
{
    (void)state;
    command_succeed(command_run("run", "-r", "2", "-w", "1", "-P", "n=7", "--command", "echo run >>log", "-s",
                                "echo setup {n} >>log", "-p", "echo before >>log", "-C", "echo after >>log",
                                "-c", "echo cleanup >>log", NULL));
    expect_file("log", "setup 7\nbefore\nrun\nafter\nbefore\nrun\nafter\nbefore\nrun\nafter\ncleanup\n");
    remove("log");
    remove(db);
    /* Once where it is the same for all commands; once for each value of a parameter that is in it. */
    command_succeed(command_run("run", "-r", "1", "-w", "0", "-P", "n=1,2", "--command", "true {n}",
                                "--command", ": {n}", "-s", "echo setup {n} >>log", "-c",
                                "echo cleanup >>log", "-p", "echo a >>of-a", "-p", "echo b >>of-b", NULL));
    expect_file("log", "setup 1\nsetup 2\ncleanup\n");
    expect_file("of-a", "a\na\n");
    expect_file("of-b", "b\nb\n");
    command_expect_integer(db, "SELECT count(*) FROM measurement WHERE samples = 1", 4);
}

static void what_fails_around_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *option, *part;
        int runs;
    } cases[] = {{"--setup", "--setup exit 4 ended with exit status 4: give --show-output", 0},
                 {"--prepare", "--prepare exit 4 ended with exit status 4", 1},
                 {"--conclude", "--conclude exit 4 ended with exit status 4", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        command_expect_error(command_run("run", "-r", "1", "-i", "--command", "false", cases[i].option,
                                         "exit 4", "-c", "touch cleaned", NULL),
                             3, cases[i].part);
        assert_int_equal(remove("cleaned"), 0);
        if (cases[i].runs > 0)
            command_expect_integer(db, "SELECT count(*) FROM run WHERE status = 'failed'", cases[i].runs);
    }
    /* What comes after a command comes after one that failed, too; its own failure hides nothing. */
    command_expect_error(command_run("run", "-r", "1", "--command", "exit 5", "-C", "touch concluded; exit 6",
                                     "-c", "touch cleaned; exit 7", NULL),
                         3, "exit 5 ended with exit status 5: give --show-output to see");
    assert_int_equal(remove("concluded"), 0);
    assert_int_equal(remove("cleaned"), 0);
    remove(db);
    Outcome outcome = command_run("run", "-r", "2", "--command", "true", "-c", "kill -9 $$", NULL);
    assert_int_equal(outcome.status, 3);
    assert_non_null(strstr(outcome.err, "--cleanup kill -9 $$ was ended by signal 9"));
    assert_non_null(strstr(outcome.out, "Run 1, recorded in"));
    command_free(&outcome);
    command_expect_text(db, "SELECT status FROM run", "finished");
}

static void an_interrupted_run_is_cleaned_up(void **state)
{
    (void)state;
    const struct timespec pause = {.tv_nsec = 20000000};
    pid_t pid = command_start("interrupted", "run", "--command", "touch started; exec sleep 1000", "-c",
                              "sleep 0.3; touch cleaned", NULL);
    while (access("started", F_OK) != 0)
        nanosleep(&pause, NULL);
    kill(pid, SIGINT);
    assert_int_equal(command_wait(pid), 3);
    assert_int_equal(access("cleaned", F_OK), 0);
    command_expect_text(db, "SELECT status FROM run", "interrupted");
    remove("started");
    remove("cleaned");
    remove(db);
    pid = command_start("early", "run", "--command", "true", "-s", "touch started; exec sleep 1000", "-c",
                        "touch cleaned", NULL);
    while (access("started", F_OK) != 0)
        nanosleep(&pause, NULL);
    kill(pid, SIGTERM);
    assert_int_equal(command_wait(pid), 3);
    assert_int_equal(access("cleaned", F_OK), 0);
    expect_file("early.err", "pricereport: interrupted before anything was measured\n");
}

static void expect_output(const char *option, const char *value, const char *command, const char *expected)
{
    Outcome outcome =
        command_run("run", "-r", "1", "-w", "0", "--show-output", "--command", command, option, value, NULL);
    command_expect_success(&outcome);
    if (strncmp(outcome.out, expected, strlen(expected)) != 0)
        fail_msg("%s printed %s", command, outcome.out);
    command_free(&outcome);
}

static void texts_are_read_by_the_shell_that_is_asked_for(void **state)
{
    (void)state;
    expect_output("-S", "none", "printf [%s] 'a  b' \"c\\\"d\" e\\ f $HOME a''b \"\" '\\x'",
                  "[a  b][c\"d][e f][$HOME][ab][][\\x]");
    expect_output("-N", NULL, "echo a;b", "a;b\n");
    expect_output("-S", "/bin/sh -f", "echo *", "*\n");
    expect_output("-S", "/bin/sh", "echo a; echo b", "a\nb\n");
    command_expect_error(command_run("run", "-r", "1", "-S", "no-such-shell", "--command", "true", NULL), 3,
                         "cannot start no-such-shell: No such file or directory");
}

static void commands_read_and_write_files(void **state)
{
    (void)state;
    command_write_file("in", "some text\n");
    command_succeed(command_run("run", "-r", "2", "--input", "in", "--output", "out", "--command",
                                "cat; echo x >&2", "-p", "cat >prepared; echo y", NULL));
    expect_file("out", "some text\n");
    expect_file("prepared", "");
    /* Each execution begins the file anew, and what it wrote before is gone. */
    command_succeed(command_run("run", "-r", "1", "--output", "out", "--", "cat", NULL));
    expect_file("out", "");
    remove(db);
    command_expect_error(command_run("run", "--input", "absent", "--", "cat", NULL), 3,
                         "--input: cannot read absent: No such file or directory");
    command_expect_error(command_run("run", "--output", "absent/out", "--", "true", NULL), 3,
                         "--output: cannot write absent/out: No such file or directory");
    command_expect_error(command_run("run", "--output", "out", "--show-output", "--", "true", NULL), 2,
                         "--output and --show-output: give one of them");
    command_expect_error(command_run("run", "--in", "f", "--source", "s", "--map", "m", "--input", "f", NULL),
                         2, "--input and --output are for commands");
    assert_int_equal(access(db, F_OK), -1);
}

/* What was typed is recorded, so that check can repeat it. */
static void a_run_of_several_is_measured_once_more(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        command_succeed(
            command_run("run", "-r", "6", "--command", "true", "-P", "n=1,2", "--command", ": {n}", NULL));
    command_execute(db, "UPDATE sample SET wall_ns = wall_ns / 1000 + 1 WHERE measurement <= 4");
    Outcome outcome = command_run("check", NULL);
    assert_int_equal(outcome.status, 1);
    command_free(&outcome);
    command_expect_integer(
        db, "SELECT count(*) FROM run JOIN measurement USING (run) WHERE repeats = 2 AND samples = 6", 4);
}

static void samples_have_bounds(void **state)
{
    (void)state;
    command_succeed(command_run("run", "-M", "3", "--command", "true", NULL));
    command_expect_integer(db, "SELECT samples = 3 AND stopped = 'samples' FROM measurement", 1);
    command_expect_integer(db, "SELECT options->>'min_samples' = 3 AND options->>'max_samples' = 3 FROM run",
                           1);
    remove(db);
    command_succeed(command_run("run", "-m", "12", "--min-time", "0", "--command", "true", NULL));
    command_expect_integer(db, "SELECT samples >= 12 FROM measurement", 1);
    remove(db);
    command_succeed(command_run("run", "--min-runs", "7", "--max-runs", "7", "--command", "true", NULL));
    command_expect_integer(db, "SELECT samples FROM measurement", 7);
    remove(db);
    command_succeed(command_run("run", "-m", "2000", "--max-time", "0", "--command", "true", NULL));
    command_expect_integer(
        db, "SELECT options->>'min_samples' = 2000 AND options->>'max_samples' = 2000 FROM run", 1);
    command_expect_error(command_run("run", "-m", "3", "-M", "2", "--command", "true", NULL), 2,
                         "--min-samples is more than --max-samples");
    command_expect_error(command_run("run", "-m", "3", "-r", "3", "--command", "true", NULL), 2,
                         "--samples says how many");
    command_expect_error(command_run("run", "-M", "0", "--command", "true", NULL), 2,
                         "--max-samples 0: give a whole number");
}

/* Runs a line of the page as it is printed. A slow machine may find a regression, which is what 1 says;
 * without gnuplot the page lacks its charts. */
static void run_printed(const char *line, size_t length)
{
    char *script = sqlite3_mprintf("pricereport() { \"$PRICEREPORT\" \"$@\"; }\n%.*s\n", (int)length, line);
    const bool judges = strstr(script, "pricereport check") || strstr(script, "--fail ");
    const bool draws =
        strstr(script, "pricereport report") && system("gnuplot --version >/dev/null 2>&1") != 0;
    command_write_file("script", script);
    int status = system("sh script >printed 2>complaint");
    status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (status != 0 && !(judges && status == 1) && !(draws && status == 3)) {
        char *complaint = command_read_file("complaint");
        fail_msg("%s ended with %d: %s", script, status, complaint);
    }
    sqlite3_free(script);
}

/* A repository for the lines that name commits, whose work tree the other lines may change. */
static bool make_repository(void)
{
    return system(
               "git init -q -b main . 2>/dev/null && for i in 1 2 3; do seq $i >f; git add f; git -c user.name=n "
               "-c user.email=e commit -q -m m$i; done; git log -1 >log 2>/dev/null") == 0;
}

/* Every line of ours on the page for users of other tools. */
static void what_the_page_for_newcomers_prints_works(void **state)
{
    (void)state;
    char *page = command_read_file(getenv("PRICEREPORT_COMING_FROM"));
    size_t count = 0;
    const bool repository = make_repository();
    for (char *begin = page; (begin = strchr(begin, '`'));) {
        char *end = strchr(++begin, '`');
        assert_non_null(end);
        *end = '\0';
        /* Runs of commits come before the checks, which have no baseline without them. */
        const bool of_commits = strstr(begin, "--commits") || strstr(begin, "--branch") ||
                                strstr(begin, "main~") || strstr(begin, "pricereport check");
        if (strstr(begin, "pricereport ") && !strstr(begin, " FILE") && (repository || !of_commits)) {
            run_printed(begin, (size_t)(end - begin));
            count++;
        }
        begin = end + 1;
    }
    free(page);
    assert_true(count >= 25);
    command_expect_integer(
        db, "SELECT count(*) FROM benchmark WHERE name IN ('seq 1', 'seq 5', 'seq 9', 'old', 'new')", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(several_are_interleaved_and_compared, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(names_cannot_move_the_cursor, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(parameters_are_every_combination, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(wrong_usage_is_named, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_is_around_is_not_timed, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_fails_around_is_named, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_run_is_cleaned_up, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(texts_are_read_by_the_shell_that_is_asked_for, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(commands_read_and_write_files, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(samples_have_bounds, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_the_page_for_newcomers_prints_works, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(a_run_of_several_is_measured_once_more, command_setup,
                                        command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
