/*
 * The process executor with real processes: results, giving up, workers whose answers make no sense. What the
 * workers do on demand is in fake_runner.c. Times are upper bounds against hanging, never measurements.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/process_test.h"
#include "tests/support/within.h"

/* ---- results ---- */

static void test_results(void **state)
{
    ProcessTest *test = *state;
    static const int workers[] = {1, 2, 5};
    static const uint32_t rows[] = {1, 7, 1000};
    for (size_t w = 0; w < 3; w++)
        for (size_t r = 0; r < 3; r++) {
            process_test_ensure(test->executor, workers[w]);
            ProcessOutcome outcome = process_test_run(test, "echo 0 0", 50, rows[r], 0);
            process_test_as_serial(&outcome, 50 * (int64_t)rows[r]);
            assert_int_equal(outcome.retries, 0);
        }
    assert_int_equal(test->executor->workers, 5);
    assert_int_equal(test->executor->startup_ns, 0);
}

static void test_no_rows_and_reports(void **state)
{
    ProcessTest *test = *state;
    pid_t pids[8];
    process_test_ensure(test->executor, 2);
    assert_true(test->executor->startup_ns > 0);
    Recipe *recipe = process_test_recipe("echo 0 0", "", false);
    Task *task = process_test_task(recipe, 1, 0);
    assert_int_equal(executor_submit(test->executor, task), SQLITE_OK);
    process_test_wait(test->executor, task);
    assert_int_equal(task->report.rc, SQLITE_OK);
    assert_int_equal(task->report.rows_out, 0);
    assert_within(task->report.worker, 0, 1);
    assert_true(task->report.start_ns > 0 && task->report.end_ns >= task->report.start_ns);
    int count = process_test_find("pricemap-worker", 2, pids, 8);
    bool found = false;
    for (int i = 0; i < count; i++)
        found = found || pids[i] == task->report.pid;
    assert_true(found);
    executor_release(test->executor, task);
    assert_null(task->output);
    task_free(task);
    recipe_unref(recipe);
}

static void test_partial_results_and_errors(void **state)
{
    ProcessTest *test = *state;
    process_test_ensure(test->executor, 2);
    ProcessOutcome outcome = process_test_run(test, "few 0 3", 10, 10, 0);
    process_test_as_serial(&outcome, 100);
    outcome = process_test_run(test, "fail 57 0", 10, 10, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    assert_string_equal(outcome.message, "fake: failed at row 57");
    assert_int_equal(outcome.rows, 56);
    assert_true(outcome.as_serial);
    process_test_works(test, 2);
}

static void test_any_order(void **state)
{
    ProcessTest *test = *state;
    process_test_ensure(test->executor, 2);
    Recipe *slow = process_test_recipe("sleep 1 300", "", false),
           *fast = process_test_recipe("echo 0 0", "", false);
    Task *first = process_test_task(slow, 1, 1), *second = process_test_task(fast, 1, 1);
    assert_int_equal(executor_submit(test->executor, first), SQLITE_OK);
    assert_int_equal(executor_submit(test->executor, second), SQLITE_OK);
    int64_t end = clock_ns() + process_test_hang_ns;
    while (!first->done && !second->done && clock_ns() < end)
        executor_wait(test->executor, NULL, 1000);
    assert_true(first->done || second->done);
    process_test_wait(test->executor, first);
    process_test_wait(test->executor, second);
    executor_release(test->executor, second);
    executor_release(test->executor, first);
    task_free(first);
    task_free(second);
    recipe_unref(slow);
    recipe_unref(fast);
}

static void test_full_is_busy(void **state)
{
    ProcessTest *test = *state;
    Task *tasks[64];
    int count = 0, rc = SQLITE_OK;
    process_test_ensure(test->executor, 2);
    Recipe *recipe = process_test_recipe("echo 0 0", "", false);
    while (count < 64) {
        tasks[count] = process_test_task(recipe, 1, 1);
        rc = executor_submit(test->executor, tasks[count]);
        if (rc != SQLITE_OK)
            break;
        count++;
    }
    assert_int_equal(rc, SQLITE_BUSY);
    assert_int_equal(count, 16);
    task_free(tasks[count]);
    for (int i = 0; i < count; i++) {
        process_test_wait(test->executor, tasks[i]);
        executor_release(test->executor, tasks[i]);
        task_free(tasks[i]);
    }
    recipe_unref(recipe);
    process_test_works(test, 2);
}

static void test_large_output(void **state)
{
    ProcessTest *test = *state;
    process_test_ensure(test->executor, 2);
    ProcessOutcome outcome = process_test_run(test, "big 0 100000000", 3, 1, 0);
    process_test_as_serial(&outcome, 3);
    assert_int_equal(outcome.bytes, INT64_C(300000000));
    /* A slot that held it and was trimmed, in a worker that had it mapped. */
    for (int i = 0; i < 20; i++) {
        char select[64];
        snprintf(select, sizeof select, "big 0 %d", i % 2 ? 20000000 : 5);
        outcome = process_test_run(test, select, 8, 1, 0);
        process_test_as_serial(&outcome, 8);
    }
    process_test_works(test, 2);
}

static int64_t shared_memory_in_use(void)
{
    for (int fd = 3; fd < 1024; fd++) {
        char path[64], target[256];
        struct stat status;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length > 0 ? length : 0] = 0;
        if (strstr(target, "memfd:pricemap") && fstat(fd, &status) == 0)
            return (int64_t)status.st_blocks * 512;
    }
    return -1;
}

static void test_memory_is_given_back(void **state)
{
    ProcessTest *test = *state;
    process_test_ensure(test->executor, 2);
    ProcessOutcome outcome = process_test_run(test, "big 0 50000000", 6, 1, 0);
    process_test_as_serial(&outcome, 6);
    int64_t used = shared_memory_in_use();
    assert_true(used > 0);
    assert_true(used < 16 * 2 * INT64_C(4200000));
    /* And so is that of workers that died. */
    for (int i = 0; i < 5; i++) {
        process_test_ensure(test->executor, 2);
        outcome = process_test_run(test, "signal 30 9", 10, 10, 0);
        assert_int_equal(outcome.rc, SQLITE_ERROR);
    }
    process_test_works(test, 2);
    assert_true(shared_memory_in_use() < 16 * 2 * INT64_C(4200000));
}

/* ---- giving up ---- */

static void test_abandon(void **state)
{
    ProcessTest *test = *state;
    Recipe *echo = process_test_recipe("echo 0 0", "", false),
           *nap = process_test_recipe("nap 1 100000", "", false);
    Recipe *stuck = process_test_recipe("sleep 1 100000", "", false);
    const Recipe *kinds[] = {echo, nap, stuck};
    for (int round = 0; round < 30; round++) {
        Task *tasks[6];
        process_test_ensure(test->executor, 2);
        for (int i = 0; i < 6; i++) {
            tasks[i] = process_test_task(kinds[(i + round) % 3], 1, 5);
            if (executor_submit(test->executor, tasks[i]) != SQLITE_OK) {
                task_free(tasks[i]);
                tasks[i] = NULL;
            }
        }
        for (int i = 0; i < 6; i++)
            if (tasks[i] && round % 3 == 1)
                executor_wait(test->executor, tasks[i], 2);
        if (tasks[0] && tasks[0]->done && round % 2)
            executor_release(test->executor, tasks[0]);
        for (int i = 0; i < 6; i++)
            if (tasks[i])
                executor_abandon(test->executor, tasks[i]);
        if (round % 5 == 0)
            usleep(40000);
    }
    /* Never submitted. */
    executor_abandon(test->executor, process_test_task(echo, 1, 1));
    recipe_unref(echo);
    recipe_unref(nap);
    recipe_unref(stuck);
    process_test_works(test, 2);
}

static bool gone_or_zombie(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return true;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    const char *end = strrchr(text, ')');
    return !end || end[2] == 'Z';
}

/* The host need not come back for a stuck worker to end: nothing computes in vain. */
static void test_abandoned_work_stops(void **state)
{
    ProcessTest *test = *state;
    pid_t worker;
    process_test_ensure(test->executor, 1);
    process_test_find("pricemap-worker", 1, &worker, 1);
    Recipe *recipe = process_test_recipe("sleep 1 100000", test->log, false);
    Task *task = process_test_task(recipe, 1, 1);
    assert_int_equal(executor_submit(test->executor, task), SQLITE_OK);
    for (int64_t end = clock_ns() + process_test_hang_ns; access(test->log, F_OK) != 0 && clock_ns() < end;)
        executor_wait(test->executor, task, 1);
    executor_abandon(test->executor, task);
    for (int64_t end = clock_ns() + process_test_hang_ns; !gone_or_zombie(worker) && clock_ns() < end;)
        usleep(1000);
    assert_true(gone_or_zombie(worker));
    recipe_unref(recipe);
    process_test_works(test, 1);
}

static void test_close_in_the_middle(void **state)
{
    ProcessTest *test = *state;
    static const char *const selects[] = {"echo 0 0", "sleep 1 100000", "signal 1 19", "signal 1 9"};
    for (size_t i = 0; i < sizeof selects / sizeof *selects; i++) {
        Recipe *recipe = process_test_recipe(selects[i], "", false);
        Task *tasks[4];
        process_test_ensure(test->executor, 2);
        for (int j = 0; j < 4; j++) {
            tasks[j] = process_test_task(recipe, 1, 10);
            assert_int_equal(executor_submit(test->executor, tasks[j]), SQLITE_OK);
        }
        executor_wait(test->executor, tasks[0], 10);
        for (int j = 0; j < 4; j++)
            executor_abandon(test->executor, tasks[j]);
        executor_close(test->executor);
        leftovers_check(&test->before);
        test->executor = process_test_create(FAKE_WORKER);
        recipe_unref(recipe);
    }
}

static void test_open_use_close(void **state)
{
    ProcessTest *test = *state;
    for (int i = 0; i < 200; i++) {
        Executor *executor = process_test_create(FAKE_WORKER);
        Recipe *recipe = process_test_recipe("echo 0 0", "", false);
        if (i % 4)
            process_test_ensure(executor, 1 + i % 3);
        if (i % 4 > 1) {
            ProcessOutcome outcome = process_test_drive(executor, recipe, 4, 3, 2, 0);
            process_test_as_serial(&outcome, 12);
        }
        recipe_unref(recipe);
        executor_close(executor);
        if (i % 50 == 49)
            leftovers_check(&test->before);
    }
}

/* ---- other programs ---- */

/* The pool starts a program with its arguments: here a shell that becomes the program of its last one. */
static void test_arguments_of_the_program(void **state)
{
    (void)state;
    char path[] = "/bin/sh", script[] = "test \"$1 $2\" = 'a b' && exec \"$0\"", worker[] = FAKE_WORKER;
    char name[] = "sh", option[] = "-c", first[] = "a", second[] = "b";
    char *arguments[] = {name, option, script, worker, first, second, NULL};
    Executor *executor =
        executor_processes_create(&(WorkerProgram){.path = path, .arguments = arguments}, "");
    assert_non_null(executor);
    memset(path, 'x', sizeof path - 1);
    second[0] = 'x';
    process_test_ensure(executor, 2);
    Recipe *recipe = process_test_recipe("echo 0 0", "", false);
    ProcessOutcome outcome = process_test_drive(executor, recipe, 4, 3, 2, 0);
    process_test_as_serial(&outcome, 12);
    recipe_unref(recipe);
    executor_close(executor);
}

/* ---- hostile workers ---- */

static void test_scribbling_workers(void **state)
{
    ProcessTest *test = *state;
    int failures = 0;
    for (int seed = 0; seed < 60; seed++) {
        char select[64];
        snprintf(select, sizeof select, "scribble 35 %d", seed);
        process_test_ensure(test->executor, 2);
        ProcessOutcome outcome = process_test_run(test, select, 10, 10, 0.3);
        failures += outcome.rc != SQLITE_OK;
        /* Whatever it was: an error, or rows; never more than there are. */
        assert_true(outcome.rows <= 100);
    }
    assert_true(failures > 0);
    process_test_works(test, 2);
}

/* With an argument: only the tests whose names match it. */
int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, process_test_setup, process_test_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_results),
        CASE(test_no_rows_and_reports),
        CASE(test_partial_results_and_errors),
        CASE(test_any_order),
        CASE(test_full_is_busy),
        CASE(test_large_output),
        CASE(test_memory_is_given_back),
        CASE(test_abandon),
        CASE(test_abandoned_work_stops),
        CASE(test_close_in_the_middle),
        CASE(test_open_use_close),
        CASE(test_arguments_of_the_program),
        CASE(test_scribbling_workers),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, process_test_attach, NULL);
}
