/* History in the order of commits: baselines and changes. */
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

/* Has a run of the checked out commit, whose figures are about so many milliseconds. */
static void measure_here(int milliseconds)
{
    char sql[200];
    command_succeed(command_run("run", "-r", "12", "-n", "job", "--", "true", NULL));
    snprintf(
        sql, sizeof sql,
        "UPDATE sample SET wall_ns = %d * 1000000 + sequence WHERE measurement = (SELECT max(measurement) "
        "FROM measurement)",
        milliseconds);
    command_execute("pricereport.db", sql);
    snprintf(sql, sizeof sql,
             "UPDATE measurement SET median_seconds = %d / 1e3 WHERE measurement = (SELECT max(measurement) "
             "FROM measurement)",
             milliseconds);
    command_execute("pricereport.db", sql);
}

/* An old commit that is measured late is no baseline of the tip, and does not end its history. */
static void history_goes_by_commit(void **state)
{
    (void)state;
#define COMMIT "git -c user.name=n -c user.email=e commit -q --allow-empty -m m "
    if (system("git init -q -b trunk . && " COMMIT ">/dev/null 2>&1") != 0)
        skip();
    assert_int_equal(system("git tag a && " COMMIT "&& git tag b && " COMMIT "&& git tag c"), 0);
    assert_int_equal(system("git checkout -q c"), 0);
    measure_here(200);
    assert_int_equal(system("git checkout -q a"), 0);
    measure_here(100);
    /* What comes after the old commit is not before it. */
    command_expect_output(command_run("check", "--once", NULL), 0, "nothing to compare it with", NULL);
    assert_int_equal(system("git checkout -q c"), 0);
    measure_here(200);
    /* The same commit, not the one that was measured between. */
    command_expect_output(command_run("check", "--once", NULL), 0, "1 compared, 1 same", NULL);
    command_execute("pricereport.db", "DELETE FROM run WHERE run = 1");
    command_execute("pricereport.db", "DELETE FROM measurement WHERE run = 1");
    command_expect_output(command_run("check", "--once", NULL), 1, "1 regression", NULL);
    assert_int_equal(system("git checkout -q b"), 0);
    measure_here(150);
    /* The nearest ancestor of c, though it was measured later. */
    command_expect_output(command_run("compare", "previous", "3", "--csv", NULL), 0, ",4,3,", NULL);
    Outcome outcome = command_run("history", "job", "--csv", NULL);
    command_expect_success(&outcome);
    const char *a = strstr(outcome.out, "\n2,"), *b = strstr(outcome.out, "\n4,"),
               *c = strstr(outcome.out, "\n3,");
    assert_true(a && b && c && a < b && b < c);
    command_free(&outcome);
    /* Outside of the repository all goes by time. */
    assert_int_equal(system("mv .git git"), 0);
    command_expect_output(command_run("compare", "previous", "3", "--csv", NULL), 0, ",2,3,", NULL);
}

/* A commit of an imported file is any text: to git it is a commit, never an option. */
static void a_commit_is_no_option_of_git(void **state)
{
    (void)state;
    if (system("git init -q -b trunk . && " COMMIT ">/dev/null 2>&1") != 0)
        skip();
    command_write_file("kept", "text");
    measure_here(100);
    measure_here(200);
    command_execute("pricereport.db", "UPDATE run SET commit_id = '--output=kept' WHERE run = 2");
    command_expect_output(command_run("compare", NULL), 0, "1 compared", NULL);
    char *kept = command_read_file("kept");
    assert_string_equal(kept, "text");
    free(kept);
}

/* HEAD without a commit takes nothing from the order of the other branches. */
static void a_new_branch_keeps_the_order(void **state)
{
    (void)state;
    if (system("git init -q -b trunk . && " COMMIT ">/dev/null 2>&1 && git tag a && " COMMIT) != 0)
        skip();
    measure_here(200);
    assert_int_equal(system("git checkout -q a"), 0);
    measure_here(100);
    assert_int_equal(system("git checkout -q --orphan fresh"), 0);
    Outcome outcome = command_run("history", "job", "--csv", NULL);
    command_expect_success(&outcome);
    const char *a = strstr(outcome.out, "\n2,"), *b = strstr(outcome.out, "\n1,");
    assert_true(a && b && a < b);
    command_free(&outcome);
}

/* A repository with main: a, v1, b, tip, and side, which leaves it after v1; each commit but a with a run, of
 * side last. */
static void make_branches(void)
{
    if (system("git init -q -b main . && " COMMIT "a >/dev/null 2>&1") != 0)
        skip();
    assert_int_equal(system(COMMIT "v && git tag v1 && " COMMIT "b && " COMMIT "tip"), 0);
    assert_int_equal(system("git checkout -q -b side v1 && " COMMIT "s && git checkout -q v1"), 0);
    measure_here(100);
    assert_int_equal(system("git checkout -q main~1"), 0);
    measure_here(110);
    assert_int_equal(system("git checkout -q main"), 0);
    measure_here(200);
    assert_int_equal(system("git checkout -q side"), 0);
    measure_here(300);
}

static void ranges_are_runs(void **state)
{
    (void)state;
    make_branches();
    command_expect_output(command_run("list", "v1..main", "--csv", NULL), 0, "\n2,", "\n3,", NULL);
    Outcome outcome = command_run("list", "v1..main", "4", "--csv", NULL);
    command_expect_success(&outcome);
    assert_true(strstr(outcome.out, "\n4,") && !strstr(outcome.out, "\n1,"));
    command_free(&outcome);
    command_expect_output(command_run("export", "..2", "--csv", NULL), 0, "\n1,", "\n2,", NULL);
    command_expect_output(command_run("compare", "v1..main", "--csv", NULL), 0, ",1,3,", NULL);
    command_expect_output(command_run("compare", "main~2", "main", "--csv", NULL), 0, ",1,3,", NULL);
    command_expect_output(command_run("show", "v1", "--json", NULL), 0, "\"run\":1,", NULL);
    command_expect_error(command_run("show", "v1..main", NULL), 3,
                         "v1..main is a range, and one run is meant");
    command_expect_error(command_run("list", "v1..none", NULL), 3, "none: git knows no such commit here");
    command_expect_error(command_run("list", "--", "--all..v1", NULL), 3, "--all: git knows no such commit");
    command_expect_error(command_run("list", "..", NULL), 3, "give at least one end of the range");
    command_expect_error(command_run("list", "8..9", NULL), 3, "has no run of these");
    command_expect_output(command_run("exclude", "2..3", "--reason", "x", NULL), 0, "run 2", "run 3", NULL);
    command_expect_error(command_run("exclude", "2..3", "none", "--reason", "x", NULL), 3, "none");
    command_expect_output(command_run("delete", "v1..main", NULL), 0, "  2  ", "  3  ", NULL);
    command_expect_integer("pricereport.db", "SELECT sum(run) FROM run", 5);
    /* A label wins, whatever is in it. */
    command_execute("pricereport.db", "UPDATE run SET label = 'v1..main' WHERE run = 4");
    command_expect_output(command_run("show", "v1..main", "--json", NULL), 0, "\"run\":4,", NULL);
}

static void branches_are_of_commits(void **state)
{
    (void)state;
    make_branches();
    Outcome outcome = command_run("list", "--branch", "side", "--csv", NULL);
    command_expect_success(&outcome);
    assert_true(strstr(outcome.out, "\n1,") && strstr(outcome.out, "\n4,") && !strstr(outcome.out, "\n2,") &&
                !strstr(outcome.out, "\n3,"));
    command_free(&outcome);
    outcome = command_run("history", "job", "--branch", "main", "--csv", NULL);
    command_expect_success(&outcome);
    assert_true(strstr(outcome.out, "\n1,") && strstr(outcome.out, "\n3,") && !strstr(outcome.out, "\n4,"));
    command_free(&outcome);
    /* The latest of main is no run of side, which is newer. */
    command_expect_output(command_run("compare", "--branch", "main", "--csv", NULL), 0, ",2,3,", NULL);
    command_expect_output(command_run("check", "--once", "--branch", "main", "--csv", NULL), 1, ",2,3,",
                          NULL);
    command_expect_output(command_run("compare", "best", "--branch=side", "--csv", NULL), 0, ",1,4,", NULL);
    command_expect_output(command_run("history", "--commits", "v1..main", "--csv", NULL), 0, ",2,", NULL);
    command_expect_output(command_run("export", "--commits", "v1", "--csv", NULL), 0, "\n1,", NULL);
    command_expect_error(command_run("list", "--branch", "none", NULL), 3,
                         "--branch none: pricereport.db has no");
    command_expect_error(command_run("list", "--commits", "main..main", NULL), 3, "has no run of these");
    /* Where git does not know the commit, the recorded name counts. */
    command_execute("pricereport.db", "UPDATE run SET branch = 'gone', commit_id = 'abcdef' WHERE run = 4");
    command_expect_output(command_run("list", "--branch", "gone", "--csv", NULL), 0, "\n4,", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(history_goes_by_commit, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_commit_is_no_option_of_git, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_new_branch_keeps_the_order, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(ranges_are_runs, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(branches_are_of_commits, command_setup, command_teardown),
    };
    return cmocka_run_group_tests_name("cli commits", tests, NULL, NULL);
}
