/*
 * The process executor when workers or the zygote die, hang or are stopped. What the workers do on demand is
 * in fake_runner.c. Times are upper bounds against hanging, never measurements.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/process_test.h"

/* ---- death ---- */

static void test_every_kind_of_death_once(void **state)
{
    ProcessTest *test = *state;
    static const char *const ways[] = {
        "once-signal 35 9", "once-signal 35 11", "once-signal 35 6", "once-signal 35 8",  "once-exit 35 0",
        "once-exit 35 42",  "once-stack 35 0",   "once-signal 1 9",  "once-signal 100 9", "once-signal 91 9"};
    char mark[128];
    snprintf(mark, sizeof mark, "%s.once", test->log);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (int workers = 1; workers <= 3; workers++) {
            unlink(mark);
            process_test_ensure(test->executor, workers);
            ProcessOutcome outcome = process_test_run(test, ways[i], 10, 10, 0);
            process_test_as_serial(&outcome, 100);
            assert_int_equal(outcome.retries, 1);
        }
    process_test_works(test, 3);
}

static void check_deadly(ProcessTest *test, const char *select, const char *text)
{
    unlink(test->log);
    process_test_ensure(test->executor, 2);
    ProcessOutcome outcome = process_test_run(test, select, 10, 10, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    process_test_contains(outcome.message, "parallel_map: a worker process ");
    if (!process_test_sanitized)
        process_test_contains(outcome.message, text);
    process_test_contains(outcome.message, "3 times at row 35");
    assert_int_equal(outcome.rows, 34);
    assert_true(outcome.as_serial);
    assert_int_equal(outcome.retries, 3);
    assert_true(process_test_logged(test) <= 2 + 2 + 2);
}

static void test_deadly_row(void **state)
{
    ProcessTest *test = *state;
    check_deadly(test, "signal 35 9", "was killed by signal 9 (Killed) 3 times at row 35");
    check_deadly(test, "signal 35 11", "was killed by signal 11 (Segmentation fault) 3 times at row 35");
    check_deadly(test, "signal 35 6", "was killed by signal 6 (Aborted) 3 times at row 35");
    check_deadly(test, "exit 35 0", "exited with status 0, 3 times at row 35");
    check_deadly(test, "exit 35 42", "exited with status 42, 3 times at row 35");
    check_deadly(test, "stack 35 0", "was killed by signal 11");
    process_test_works(test, 2);
}

static void test_no_retries(void **state)
{
    ProcessTest *test = *state;
    test->executor->limits.retries = 0;
    process_test_ensure(test->executor, 2);
    ProcessOutcome outcome = process_test_run(test, "signal 35 9", 10, 10, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    assert_string_equal(outcome.message,
                        "parallel_map: a worker process was killed by signal 9 (Killed) at row 35");
    assert_int_equal(outcome.rows, 34);
    assert_true(process_test_logged(test) <= 2 + 0 + 2);
    /* The task that was reported is forgotten: the same rows get their chance again. */
    outcome = process_test_run(test, "signal 31 9", 10, 10, 0);
    assert_string_equal(outcome.message,
                        "parallel_map: a worker process was killed by signal 9 (Killed) at row 31");
    assert_int_equal(outcome.rows, 30);
    process_test_works(test, 2);
}

static void test_partial_aggregates_are_not_split(void **state)
{
    ProcessTest *test = *state;
    process_test_ensure(test->executor, 2);
    Recipe *recipe = process_test_recipe("signal 35 9", test->log, true);
    ProcessOutcome outcome = process_test_drive(test->executor, recipe, 10, 10, 4, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    process_test_contains(outcome.message, "3 times at row 35");
    assert_int_equal(outcome.rows, 30);
    recipe_unref(recipe);
    recipe = process_test_recipe("once-signal 35 9", test->log, true);
    outcome = process_test_drive(test->executor, recipe, 10, 10, 4, 0);
    process_test_as_serial(&outcome, 100);
    recipe_unref(recipe);
}

static void test_all_workers_die_all_the_time(void **state)
{
    ProcessTest *test = *state;
    pid_t pids[16];
    uint64_t random = 1;
    int kills = 0;
    process_test_ensure(test->executor, 3);
    test->executor->limits.retries = 1000;
    for (int round = 0; round < 20; round++) {
        Recipe *recipe = process_test_recipe("echo 0 0", "", false);
        Task *tasks[6];
        process_test_ensure(test->executor, 3);
        for (int i = 0; i < 6; i++) {
            tasks[i] = process_test_task(recipe, 1 + 20000 * (uint64_t)i, 20000);
            assert_int_equal(executor_submit(test->executor, tasks[i]), SQLITE_OK);
        }
        int count = leftovers_find("pricemap-worker", pids, 16);
        for (int i = 0; i < count; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            if (random >> 63 && kill(pids[i], SIGKILL) == 0)
                kills++;
        }
        ProcessOutcome outcome = {.as_serial = true};
        for (int i = 0; i < 6; i++) {
            do {
                process_test_wait(test->executor, tasks[i]);
                process_test_count(tasks[i], &outcome);
                assert_int_equal(tasks[i]->report.rc, SQLITE_OK);
                tasks[i]->order.first_row = tasks[i]->report.next_row;
                executor_release(test->executor, tasks[i]);
            } while (tasks[i]->order.first_row < 20000 &&
                     executor_submit(test->executor, tasks[i]) == SQLITE_OK);
            task_free(tasks[i]);
        }
        process_test_as_serial(&outcome, 120000);
        recipe_unref(recipe);
    }
    assert_true(kills > 0);
    process_test_works(test, 3);
}

static void test_idle_workers_and_zygote_killed(void **state)
{
    ProcessTest *test = *state;
    process_test_ensure(test->executor, 2);
    /* With and without the host having had time to notice. */
    for (int round = 0; round < 12; round++) {
        const char *name = round % 2 ? "pricemap-worker" : "pricemap-zygote";
        pid_t pids[8];
        /* The last round may have been over before its victims were. */
        int count;
        while (!(count = leftovers_find(name, pids, 8)))
            process_test_ensure(test->executor, 2);
        for (int i = 0; i < count; i++)
            kill(pids[i], SIGKILL);
        if (round % 4 < 2)
            usleep(50000);
        if (round % 3)
            process_test_ensure(test->executor, 2);
        ProcessOutcome outcome = process_test_run(test, "echo 0 0", 10, 10, 0);
        process_test_as_serial(&outcome, 100);
    }
    process_test_works(test, 2);
}

/* The only worker of a new pool, before it is ready: nothing is lost, another one is started. */
static void test_worker_killed_while_it_starts(void **state)
{
    ProcessTest *test = *state;
    assert_int_equal(setenv("FAKE_WORKER_KILLED", test->log, 1), 0);
    process_test_ensure(test->executor, 1);
    unsetenv("FAKE_WORKER_KILLED");
    assert_int_equal(unlink(test->log), 0);
    process_test_works(test, 1);
}

/* All workers of a pool that was in use: no start goes on, and the tasks fail instead of waiting for ever. */
static void test_workers_hang_while_they_start(void **state)
{
    ProcessTest *test = *state;
    char mark[128];
    snprintf(mark, sizeof mark, "%s.hang", test->log);
    assert_int_equal(setenv("FAKE_WORKER_HANGS", mark, 1), 0);
    process_test_ensure(test->executor, 8);
    unsetenv("FAKE_WORKER_HANGS");
    process_test_works(test, 8);
    FILE *file = fopen(mark, "we");
    assert_non_null(file);
    fclose(file);
    process_test_kill("pricemap-worker", SIGKILL);
    ProcessOutcome outcome = process_test_run(test, "echo 0 0", 10, 10, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    process_test_contains(outcome.message, "each hung while it started");
    assert_int_equal(unlink(mark), 0);
    process_test_works(test, 8);
}

static void test_zygote_killed_by_the_map(void **state)
{
    ProcessTest *test = *state;
    process_test_ensure(test->executor, 2);
    ProcessOutcome outcome = process_test_run(test, "once-zygote 35 0", 10, 10, 0);
    process_test_as_serial(&outcome, 100);
    process_test_ensure(test->executor, 2);
    outcome = process_test_run(test, "zygote 35 0", 10, 10, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    process_test_contains(outcome.message, "the process that starts the worker processes was killed");
    process_test_works(test, 2);
}

/* ---- time ---- */

static void test_timeout(void **state)
{
    ProcessTest *test = *state;
    process_test_ensure(test->executor, 2);
    ProcessOutcome outcome = process_test_run(test, "sleep 35 100000", 10, 10, 0.2);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    assert_string_equal(outcome.message,
                        "parallel_map: a worker process timed out after 0.2 s, 3 times at row 35");
    assert_int_equal(outcome.rows, 34);
    process_test_ensure(test->executor, 2);
    outcome = process_test_run(test, "once-sleep 35 100000", 10, 10, 0.5);
    process_test_as_serial(&outcome, 100);
    assert_int_equal(outcome.retries, 1);
    process_test_works(test, 2);
}

/* A timeout shorter than a worker's start limits the task and not the start. */
static void test_short_timeout(void **state)
{
    ProcessTest *test = *state;
    assert_int_equal(setenv("FAKE_WORKER_SLOW", "200", 1), 0);
    process_test_ensure(test->executor, 2);
    unsetenv("FAKE_WORKER_SLOW");
    ProcessOutcome outcome = process_test_run(test, "sleep 1 100000", 1, 1, 0.01);
    assert_string_equal(outcome.message,
                        "parallel_map: a worker process timed out after 0.01 s, 3 times at row 1");
    assert_int_equal(outcome.retries, 3);
    process_test_works(test, 2);
}

static void test_stopped_worker(void **state)
{
    ProcessTest *test = *state;
    process_test_ensure(test->executor, 2);
    ProcessOutcome outcome = process_test_run(test, "once-signal 35 19", 10, 10, 0.5);
    process_test_as_serial(&outcome, 100);
    assert_int_equal(outcome.retries, 1);
    /* Stopped before it could begin: that is no task's fault. */
    process_test_ensure(test->executor, 2);
    process_test_kill("pricemap-worker", SIGSTOP);
    outcome = process_test_run(test, "echo 0 0", 10, 10, 0.5);
    process_test_as_serial(&outcome, 100);
    assert_int_equal(outcome.retries, 0);
    /* Without a limit the wait ends when it should, and the task can be given up. */
    Recipe *recipe = process_test_recipe("signal 1 19", "", false);
    Task *task = process_test_task(recipe, 1, 1);
    assert_int_equal(executor_submit(test->executor, task), SQLITE_OK);
    for (int i = 0; i < 5; i++)
        executor_wait(test->executor, task, 20);
    assert_false(task->done);
    executor_abandon(test->executor, task);
    recipe_unref(recipe);
    process_test_works(test, 2);
}

static void test_stopped_zygote(void **state)
{
    ProcessTest *test = *state;
    process_test_ensure(test->executor, 2);
    process_test_kill("pricemap-zygote", SIGSTOP);
    ProcessOutcome outcome = process_test_run(test, "once-sleep 35 100000", 10, 10, 0.2);
    process_test_as_serial(&outcome, 100);
    process_test_kill("pricemap-zygote", SIGSTOP);
    /* Closing with it stopped is the teardown. */
}

/* With an argument: only the tests whose names match it. */
int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, process_test_setup, process_test_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_every_kind_of_death_once),
        CASE(test_deadly_row),
        CASE(test_worker_killed_while_it_starts),
        CASE(test_workers_hang_while_they_start),
        CASE(test_no_retries),
        CASE(test_partial_aggregates_are_not_split),
        CASE(test_all_workers_die_all_the_time),
        CASE(test_idle_workers_and_zygote_killed),
        CASE(test_zygote_killed_by_the_map),
        CASE(test_timeout),
        CASE(test_short_timeout),
        CASE(test_stopped_worker),
        CASE(test_stopped_zygote),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, process_test_attach, NULL);
}
