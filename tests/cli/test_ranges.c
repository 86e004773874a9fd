/* pricereport run --commits: each commit of a range in a work tree of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/command.h"

static const char db[] = "pricereport.db";

#define COMMIT "git -c user.name=n -c user.email=e commit -q -a -m "

/* A repository with ten commits, c0 to c9, in folder "below", whose file `figure` is 100 until c5 and 150
 * from c6 on; c5 has no file. Temporary folders go into "temporary". */
static void make_commits(void)
{
    if (system("git init -q -b main . 2>/dev/null && mkdir below temporary") != 0)
        skip();
    assert_int_equal(
        system("for i in 0 1 2 3 4 5 6 7 8 9; do f=100; [ $i -lt 6 ] || f=150; echo $f $i >below/figure; "
               "git add below; [ $i != 5 ] || git rm -q --cached below/figure; "
               "echo $i >below/other; git add below/other; " COMMIT "c$i; git tag c$i; done"),
        0);
    setenv("TMPDIR", "temporary", 1);
    assert_int_equal(chdir("below"), 0);
    setenv("TMPDIR", "../temporary", 1);
}

static void expect_nothing_left(void)
{
    assert_int_equal(system("[ -z \"$(ls \"$TMPDIR\")\" ] && [ $(git worktree list | wc -l) = 1 ]"), 0);
    assert_int_equal(system("[ -z \"$(git status --porcelain --untracked-files=no)\" ]"), 0);
}

/* The time of the command is no matter here: only its figure changes the order. */
static void ignore_times(void)
{
    command_execute(db, "INSERT INTO threshold(benchmark, percent) SELECT benchmark, 1e6 FROM benchmark "
                        "WHERE metric IS NULL");
}

static Outcome run_range(const char *range, const char *option, const char *value)
{
    return command_run("run", "-r", "12", "-w", "0", "-n", "job", "--setup", "cp figure built", "--metric",
                       "n=([0-9]+) ", "--commits", range, "--command", "cat built", option, value, NULL);
}

static void the_commit_of_a_change_is_found(void **state)
{
    (void)state;
    make_commits();
    command_expect_output(run_range("c9", NULL, NULL), 0, "1 of 1 commits have figures", NULL);
    command_expect_text(db, "SELECT commit_id = commit_id AND branch IS NULL AND dirty = 0 FROM run", "1");
    ignore_times();
    Outcome outcome = run_range("c0..main", "--bisect", NULL);
    assert_int_equal(outcome.status, 0);
    assert_non_null(
        strstr(outcome.out, "Largest change of 'job n': +50.0 % (1.500 … 1.500 ×), regression, in "));
    assert_non_null(strstr(outcome.out, " c6, or in the commit before it, which has no figures"));
    assert_non_null(strstr(outcome.out, "known"));
    assert_non_null(strstr(outcome.out, "not measured"));
    assert_non_null(strstr(outcome.err, " failed, recorded as run "));
    assert_non_null(strstr(outcome.err, "--setup cp figure built ended with exit status 1"));
    command_free(&outcome);
    command_expect_integer(db, "SELECT count(*) BETWEEN 5 AND 7 FROM run", 1);
    command_expect_integer(db, "SELECT count(*) FROM run WHERE status = 'failed' AND commit_id IS NOT NULL",
                           1);
    expect_nothing_left();
    /* The rest, and then nothing any more, not even what failed. */
    outcome = run_range("c0..main", "--steps", "1");
    assert_int_equal(outcome.status, 0);
    command_free(&outcome);
    outcome = run_range("c0..main", "--csv", NULL);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, ",job,n,n,,0,12,100.0,"));
    command_free(&outcome);
    command_expect_integer(db, "SELECT count(*) FROM run", 10);
    Outcome again = run_range("c0..main", NULL, NULL);
    command_expect_success(&again);
    command_free(&again);
    command_expect_integer(db, "SELECT count(*) FROM run", 10);
    command_expect_output(run_range("c9", "--again", NULL), 0, "1 of 1", NULL);
    command_expect_integer(db, "SELECT count(*) FROM run", 11);
    command_expect_output(command_run("history", "job n", "--changes", NULL), 0, "+50.0 %", NULL);
    expect_nothing_left();
}

/* A run of a range is measured once more as what it is: one commit. */
static void a_run_of_a_range_is_checked(void **state)
{
    (void)state;
    make_commits();
    command_expect_output(run_range("c8..c9", NULL, NULL), 0, "2 of 2 commits", NULL);
    command_execute(db,
                    "UPDATE sample SET value = 1 WHERE measurement IN (SELECT measurement FROM measurement "
                    "JOIN run USING (run) WHERE run = 2) AND value IS NOT NULL");
    Outcome outcome = command_run("check", "1", "--against", "2", NULL);
    assert_non_null(strstr(outcome.out, "confirmed by run 3"));
    command_free(&outcome);
    command_expect_integer(db, "SELECT repeats FROM run WHERE run = 3", 1);
}

static void wait_for(const char *file)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    while (access(file, F_OK) != 0)
        nanosleep(&pause, NULL);
    assert_int_equal(remove(file), 0);
}

static pid_t start_range(const char *name, const char *option, const char *text)
{
    return command_start(name, "run", "-r", "3", "--commits", "c8..c9", "--command", "true", option, text,
                         NULL);
}

static void an_interrupted_walk_leaves_nothing(void **state)
{
    (void)state;
    make_commits();
    char waits[512], folder[256];
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(waits, sizeof waits, "touch '%s/started'; exec sleep 1000", folder);
    pid_t pid = start_range("setup", "--setup", waits);
    wait_for("started");
    kill(pid, SIGINT);
    assert_int_equal(command_wait(pid), 3);
    expect_nothing_left();
    pid = start_range("sample", "--prepare", waits);
    wait_for("started");
    kill(pid, SIGTERM);
    assert_int_equal(command_wait(pid), 3);
    char *err = command_read_file("sample.err");
    assert_non_null(strstr(err, "interrupted: run 1 of pricereport.db keeps"));
    free(err);
    command_expect_text(db, "SELECT status FROM run", "interrupted");
    expect_nothing_left();
    /* The next one removes what a killed one could not, and measures what was interrupted. */
    pid = start_range("killed", "--setup", waits);
    wait_for("started");
    kill(pid, SIGKILL);
    assert_int_equal(command_wait(pid), 1000 + SIGKILL);
    command_expect_output(command_run("run", "-r", "3", "--commits", "c8..c9", "--command", "true", NULL), 0,
                          "2 of 2", NULL);
    expect_nothing_left();
}

static void expect_range_measured(void)
{
    command_expect_output(command_run("run", "-r", "2", "--commits", "c9", "--again", "--", "true", NULL), 0,
                          "1 of 1", NULL);
}

/* A process may be killed between two commits, and git while it removes a work tree. */
static void leftovers_are_removed(void **state)
{
    (void)state;
    make_commits();
    assert_int_equal(system("mkdir \"$TMPDIR/pricereport-commits-abcdef\""), 0);
    expect_range_measured();
    expect_nothing_left();
    assert_int_equal(system("git worktree add -q --detach \"$TMPDIR/pricereport-commits-abcdef/t\" c1 && "
                            "rm \"$TMPDIR/pricereport-commits-abcdef/t/.git\""),
                     0);
    expect_range_measured();
    expect_nothing_left();
    /* What only resembles them is the user's, and so are other things in such a folder. */
    assert_int_equal(system("git worktree add -q --detach \"$TMPDIR/pricereport-commits-mine/t\" c1 && "
                            "mkdir \"$TMPDIR/pricereport-commits-ghijkl\" && "
                            "touch \"$TMPDIR/pricereport-commits-ghijkl/note\""),
                     0);
    expect_range_measured();
    assert_int_equal(system("[ -f \"$TMPDIR/pricereport-commits-mine/t/below/figure\" ] && "
                            "[ -f \"$TMPDIR/pricereport-commits-ghijkl/note\" ]"),
                     0);
}

static bool has_temporary_folder(void)
{
    return system("[ -n \"$(ls \"$TMPDIR\")\" ]") == 0;
}

/* The signal comes while the folder is there, and the history, which is locked, is not yet open. */
static void a_signal_at_the_beginning_leaves_nothing(void **state)
{
    (void)state;
    const struct timespec pause = {.tv_nsec = 20000000};
    sqlite3 *other;
    make_commits();
    command_succeed(command_run("run", "-r", "1", "--", "true", NULL));
    assert_int_equal(sqlite3_open(db, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE", NULL, NULL, NULL),
                     SQLITE_OK);
    pid_t pid = start_range("early", "--setup", "exec sleep 1000");
    while (!has_temporary_folder())
        nanosleep(&pause, NULL);
    kill(pid, SIGTERM);
    sqlite3_close(other);
    assert_int_equal(command_wait(pid), 3);
    expect_nothing_left();
}

static void files_are_those_of_the_commit(void **state)
{
    (void)state;
    make_commits();
    command_expect_output(command_run("run", "-r", "2", "--commits", "c3", "--input", "other", "--output",
                                      "copied", "--file-size", "copied", "-n", "size", "--", "cat", NULL),
                          0, "size size of copied", NULL);
    command_expect_integer(db, "SELECT median_seconds FROM history WHERE metric IS NOT NULL", 2);
    assert_int_equal(access("copied", F_OK), -1);
    /* What is not there in a commit is that commit's failure. */
    Outcome failed = command_run("run", "-r", "2", "--commits", "c5", "--input", "figure", "--", "cat", NULL);
    assert_int_equal(failed.status, 3);
    assert_non_null(strstr(failed.err, "none of the commits of c5 could be measured"));
    command_free(&failed);
    assert_int_equal(system("mkdir ../elsewhere"), 0);
    assert_int_equal(chdir("../elsewhere"), 0);
    Outcome outcome = command_run("run", "-r", "2", "--commits", "c9", "--", "true", NULL);
    assert_int_equal(outcome.status, 3);
    assert_non_null(strstr(outcome.err, "the current folder is not in it"));
    command_free(&outcome);
    assert_int_equal(chdir("../below"), 0);
    expect_nothing_left();
}

/* The last line of git says that it failed, and one before it why. */
static void a_failed_check_out_says_why(void **state)
{
    (void)state;
    make_commits();
    assert_int_equal(system("git config filter.no.smudge false && git config filter.no.required true && "
                            "echo 'figure filter=no' >../.git/info/attributes"),
                     0);
    Outcome outcome = command_run("run", "-r", "2", "--commits", "c9", "--", "true", NULL);
    assert_int_equal(outcome.status, 3);
    assert_non_null(
        strstr(outcome.err, "cannot check it out: error: external filter 'false' failed 1; fatal: "));
    command_free(&outcome);
    expect_nothing_left();
}

static void wrong_ranges_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *range, *part;
        int status;
    } cases[] = {
        {"c3..c3", "--commits c3..c3: there are no commits in it", 3},
        {"c3..none", "none: git knows no such commit here", 3},
        {"--output=x..c3", "--output=x: git knows no such commit here", 3},
        {"-n..c3", "-n: git knows no such commit here", 3},
        {"..", "..: give at least one end", 3},
        {"", "--commits is empty", 2},
    };
    make_commits();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char option[64];
        snprintf(option, sizeof option, "--commits=%s", cases[i].range);
        command_expect_error(command_run("run", "-r", "2", option, "--", "true", NULL), cases[i].status,
                             cases[i].part);
    }
    expect_nothing_left();
    command_expect_error(command_run("run", "--commits", "c1", NULL), 2, "--commits is for commands");
    command_expect_error(command_run("run", "--bisect", "--", "true", NULL), 2, "go with --commits");
    command_expect_error(command_run("run", "--steps", "0", "--commits", "c1", "--", "true", NULL), 2,
                         "--steps 0: give a whole number from 1");
    command_expect_error(command_run("run", "--plot", "--commits", "c1", "--", "true", NULL), 2,
                         "--plot: leave it out");
    assert_int_equal(chdir(".."), 0);
    setenv("TMPDIR", "none", 1);
    command_expect_error(command_run("run", "--commits", "c1", "--", "true", NULL), 3,
                         "cannot use the folder none");
    setenv("GIT_DIR", "none", 1);
    command_expect_error(command_run("run", "--commits", "c1", "--", "true", NULL), 3,
                         "in no work tree of git");
    unsetenv("GIT_DIR");
}

static int teardown(void **state)
{
    unsetenv("TMPDIR");
    return command_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_commit_of_a_change_is_found, command_setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_of_a_range_is_checked, command_setup, teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_walk_leaves_nothing, command_setup, teardown),
        cmocka_unit_test_setup_teardown(leftovers_are_removed, command_setup, teardown),
        cmocka_unit_test_setup_teardown(a_signal_at_the_beginning_leaves_nothing, command_setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_those_of_the_commit, command_setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_check_out_says_why, command_setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_ranges_are_named, command_setup, teardown),
    };
    return cmocka_run_group_tests_name("cli ranges", tests, NULL, NULL);
}
