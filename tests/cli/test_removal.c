/* Runs that leave the history: pricereport delete and prune. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/command.h"

static const char db[] = "pricereport.db";

static void expect_runs(const char *expected)
{
    char *found =
        command_text(db, "SELECT coalesce(group_concat(run), '') FROM (SELECT run FROM run ORDER BY run)");
    if (strcmp(found, expected) != 0)
        fail_msg("runs %s, expected %s", found, expected);
    sqlite3_free(found);
}

/* Nothing refers to what is gone, and nothing is left that belonged to it. */
static void expect_sound(void)
{
    char *check = command_text(db, "PRAGMA integrity_check");
    assert_string_equal(check, "ok");
    sqlite3_free(check);
    command_expect_integer(db, "SELECT count(*) FROM pragma_foreign_key_check", 0);
    command_expect_integer(
        db, "SELECT count(*) FROM sample WHERE measurement NOT IN (SELECT measurement FROM measurement)", 0);
    command_expect_integer(db, "SELECT count(*) FROM machine WHERE machine NOT IN (SELECT machine FROM run)",
                           0);
}

static void record(const char *name, int count)
{
    for (int i = 0; i < count; i++)
        command_succeed(command_run("run", "--samples", "6", "--name", name, "--", "true", NULL));
}

static void runs_are_deleted_with_all_that_is_theirs(void **state)
{
    (void)state;
    record("one", 2);
    record("two", 1);
    command_succeed(command_run("exclude", "1", "--reason", "wrong", NULL));
    Outcome outcome = command_run("delete", "1", "3", "--csv", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "run,started_at,status,label,commit,benchmarks,samples\r\n1,"));
    assert_non_null(strstr(outcome.out, "\r\n3,"));
    assert_null(strstr(outcome.out, "\r\n2,"));
    command_free(&outcome);
    expect_runs("2");
    expect_sound();
    command_expect_integer(db, "SELECT count(*) FROM remark", 0);
    command_expect_integer(db, "SELECT count(*) FROM benchmark WHERE name = 'one'", 1);
    command_expect_integer(db, "SELECT count(*) FROM benchmark", 1);
    /* The numbers of runs that are gone are not given again. */
    record("one", 1);
    expect_runs("2,4");
    command_succeed(command_run("delete", "latest", NULL));
    expect_runs("2");
    /* The last one takes its machine along; a threshold that was set stays. */
    command_succeed(command_run("threshold", "one", "9", NULL));
    command_succeed(command_run("delete", "2", NULL));
    expect_runs("");
    expect_sound();
    command_expect_integer(db, "SELECT count(*) FROM machine", 0);
    command_expect_integer(
        db, "SELECT percent FROM threshold JOIN benchmark USING (benchmark) WHERE name = 'one'", 9);
}

static void repetitions_go_with_their_run(void **state)
{
    (void)state;
    record("one", 3);
    command_execute(db, "UPDATE run SET repeats = 1 WHERE run = 3");
    command_succeed(command_run("delete", "1", NULL));
    expect_runs("2");
    expect_sound();
}

static void what_should_stay_is_refused(void **state)
{
    (void)state;
    record("one", 3);
    command_succeed(command_run("ack", "2", "--reason", "faster", NULL));
    command_expect_error(
        command_run("delete", "1", "2", NULL), 3,
        "run 2 is acknowledged, and changes before it would be alarms again: nothing is removed; "
        "--force");
    command_execute(db, "UPDATE run SET finished_at = NULL WHERE run = 3");
    command_expect_error(command_run("delete", "3", NULL), 3,
                         "run 3 is unfinished, and may still be measured");
    command_expect_error(command_run("delete", "1", "17", NULL), 3, "17: pricereport.db has no run");
    command_expect_error(command_run("delete", "previous", NULL), 3, "previous is no single run");
    command_expect_error(command_run("delete", NULL), 2, "the runs are missing");
    expect_runs("1,2,3");
    command_succeed(command_run("delete", "1", "2", "3", "--dry-run", NULL));
    expect_runs("1,2,3");
    command_succeed(command_run("delete", "1", "2", "3", "--force", NULL));
    expect_runs("");
    expect_sound();
}

static void the_newest_of_each_benchmark_are_kept(void **state)
{
    (void)state;
    record("one", 4);
    record("two", 1);
    /* A newer run that failed is none of the newest. */
    command_execute(db, "UPDATE run SET error = 'e' WHERE run = 4");
    command_succeed(command_run("ack", "1", "--reason", "r", NULL));
    command_succeed(command_run("prune", "--keep", "1", "--dry-run", NULL));
    expect_runs("1,2,3,4,5");
    Outcome outcome = command_run("prune", "--keep", "1", "--csv", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "\r\n2,"));
    assert_non_null(strstr(outcome.out, "\r\n4,"));
    command_free(&outcome);
    expect_runs("1,3,5");
    expect_sound();
    command_succeed(command_run("prune", "--keep", "1", "--force", NULL));
    expect_runs("3,5");
    /* What is on another machine has newest measurements of its own. */
    record("one", 1);
    command_execute(
        db, "INSERT INTO machine SELECT 77, 'other', processors, architecture, memory_gib, kernel, sqlite,"
            " compiler, flags FROM machine LIMIT 1;"
            "UPDATE run SET machine = 77 WHERE run = 3");
    command_succeed(command_run("prune", "--keep", "1", NULL));
    expect_runs("3,5,6");
    expect_sound();
}

static void old_runs_are_pruned(void **state)
{
    (void)state;
    record("one", 4);
    command_execute(
        db, "UPDATE run SET started_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-31 days') WHERE run <= 2;"
            "UPDATE run SET finished_at = NULL WHERE run = 1");
    command_succeed(command_run("prune", "--older-than", "32", NULL));
    expect_runs("1,2,3,4");
    /* With both, a run goes where it is old by both. */
    command_succeed(command_run("prune", "--older-than", "30", "--keep", "4", NULL));
    expect_runs("1,2,3,4");
    command_succeed(command_run("prune", "--older-than", "30", "--keep", "2", NULL));
    expect_runs("1,3,4");
    command_succeed(command_run("prune", "--older-than", "30", "--force", NULL));
    expect_runs("3,4");
    expect_sound();
    command_expect_error(command_run("prune", NULL), 2, "give --keep N, --older-than DAYS, or both");
    command_expect_error(command_run("prune", "--keep", "0", NULL), 2, "--keep 0: give a whole number");
    command_expect_error(command_run("prune", "--older-than", "x", NULL), 2,
                         "--older-than x: give a whole number");
    command_expect_error(command_run("prune", "--keep", "1", "3", NULL), 2, "3: prune takes options only");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_are_deleted_with_all_that_is_theirs, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(repetitions_go_with_their_run, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_should_stay_is_refused, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_newest_of_each_benchmark_are_kept, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(old_runs_are_pruned, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
