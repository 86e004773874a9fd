/*
 * The process executor when the system fails: each call of each function that it uses fails in turn, in the
 * host and in the zygote and workers, once and from then on. Whatever fails: every task is done, rightly or
 * with an error, and nothing is left.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ext/base/clock.h"
#include "ext/executors/processes/processes.h"
#include "tests/support/faults.h"
#include "tests/support/leftovers.h"
#include "tests/support/worker_of.h"
#include "ext/data/rowset.h"

enum { TASKS = 4, ROWS = 10, CALLS_MAX = 300 };

/* One use of an executor, and how it ended. */
typedef struct Use {
    bool started;
    int right, failed; /* tasks */
} Use;

static char log_path[64];

static Recipe *make_recipe(const char *select)
{
    int limits[RECIPE_LIMITS] = {0};
    RecipeParts parts = {
        .encoding = SQLITE_UTF8, .limits = limits, .declaration = log_path, .select = select};
    Recipe *recipe = recipe_build(&parts);
    assert_non_null(recipe);
    return recipe;
}

static Task *make_task(const Recipe *recipe, int number)
{
    Task *task = task_create(recipe);
    RowsetWriter writer;
    assert_non_null(task);
    assert_int_equal(rowset_begin(&writer, &task->input, 1, ROWS), SQLITE_OK);
    for (int i = 0; i < ROWS; i++) {
        rowset_set_integer(&writer, 0, number * ROWS + i + 1);
        rowset_end_row(&writer);
    }
    rowset_finish(&writer);
    task->order = (TaskOrder){.position = (uint64_t)number * ROWS + 1, .end_row = ROWS};
    return task;
}

static int64_t seconds(void)
{
    return clock_ns() / 1000000000;
}

static bool rows_are_right(const Task *task)
{
    RowsetView rows;
    RowsetValue value = {.type = SQLITE_NULL};
    uint32_t wanted = task->report.next_row - task->order.first_row;
    if (!rowset_open(&rows, task->output, task->output_size) || rows.rows != wanted)
        return false;
    for (uint32_t i = 0; i < rows.rows; i++) {
        int64_t own = (int64_t)(task->order.position + task->order.first_row + i);
        if (!rowset_get(&rows, i, 0, &value))
            return false;
        if (value.type == SQLITE_INTEGER ? value.integer != own : value.size != 500000)
            return false;
    }
    return true;
}

/* Submits until the task's last row or an error. */
static void run_task(Executor *executor, Task *task, Use *use)
{
    int64_t end = seconds() + 60;
    for (;;) {
        while (!task->done) {
            assert_true(seconds() < end);
            fault_switch(true);
            executor_wait(executor, task, 20);
            fault_switch(false);
        }
        if (task->report.rc != SQLITE_OK) {
            assert_true(task->report.message[0]);
            use->failed++;
            return;
        }
        assert_true(rows_are_right(task));
        task->order.first_row = task->report.next_row;
        fault_switch(true);
        executor_release(executor, task);
        int rc = task->order.first_row < task->order.end_row ? executor_submit(executor, task) : SQLITE_DONE;
        fault_switch(false);
        if (rc != SQLITE_OK) {
            use->right += rc == SQLITE_DONE;
            use->failed += rc != SQLITE_DONE;
            return;
        }
    }
}

/* The whole life of an executor, faults switched on only in its own calls. */
static Use use_executor(const char *program, const char *select)
{
    Use use = {0};
    Leftovers before = leftovers_look();
    Task *tasks[TASKS] = {NULL};
    char mark[80], *message = NULL;
    snprintf(mark, sizeof mark, "%s.once", log_path);
    unlink(mark);
    Recipe *recipe = make_recipe(select);
    fault_switch(true);
    Executor *executor = worker_of(program, "");
    int rc = executor ? executor_ensure_workers(executor, 2, &message) : SQLITE_NOMEM;
    fault_switch(false);
    use.started = rc == SQLITE_OK;
    assert_true(use.started ? !message : rc == SQLITE_NOMEM || message);
    sqlite3_free(message);
    if (executor)
        executor->limits.retries = 2;
    for (int i = 0; use.started && i < TASKS; i++) {
        tasks[i] = make_task(recipe, i);
        fault_switch(true);
        rc = executor_submit(executor, tasks[i]);
        fault_switch(false);
        if (rc == SQLITE_OK)
            continue;
        assert_true(rc == SQLITE_NOMEM || rc == SQLITE_FULL || rc == SQLITE_BUSY);
        task_free(tasks[i]);
        tasks[i] = NULL;
        use.failed++;
    }
    for (int i = 0; i < TASKS; i++) {
        if (!tasks[i])
            continue;
        run_task(executor, tasks[i], &use);
        fault_switch(true);
        executor_abandon(executor, tasks[i]);
        fault_switch(false);
    }
    fault_switch(true);
    executor_close(executor);
    fault_switch(false);
    recipe_unref(recipe);
    unlink(mark);
    unlink(log_path);
    assert_true(!use.started || use.right + use.failed == TASKS);
    leftovers_check(&before);
    return use;
}

/* A worker dies once, and is replaced; large results. */
static const char *const selects[] = {"once-signal 15 9", "big 0 500000"};

static void test_faults_in_the_host(void **state)
{
    (void)state;
    int reached = 0, survived = 0;
    for (size_t s = 0; s < sizeof selects / sizeof *selects; s++)
        for (int f = 0; fault_functions[f]; f++)
            for (int on = 0; on < (s ? 1 : 2); on++) {
                /* A poll that always fails at once is not a system that anything could run on. */
                if (on && strcmp(fault_functions[f], "poll") == 0)
                    continue;
                bool more = true;
                for (int number = 1; more && number < CALLS_MAX; number++) {
                    fault_plan(fault_functions[f], number, on);
                    Use use = use_executor(FAKE_WORKER, selects[s]);
                    more = fault_was_reached();
                    reached += more;
                    survived += use.right == TASKS;
                    if (!more)
                        assert_int_equal(use.right, TASKS);
                    /* Calls in a loop over time are alike: one in ten of them is enough. */
                    if (number >= 40)
                        number += 9;
                }
            }
    assert_true(reached > 50);
    assert_true(survived > 0);
}

static void test_faults_in_the_workers(void **state)
{
    (void)state;
    static const char *const functions[] = {"fork",     "mmap",    "mremap",  "fallocate", "calloc",
                                            "signalfd", "sendmsg", "recvmsg", "poll",      NULL};
    int survived = 0, failed = 0;
    for (size_t s = 0; s < sizeof selects / sizeof *selects; s++)
        for (int f = 0; functions[f]; f++)
            for (int number = 1; number <= (s ? 6 : 12); number++) {
                char fault[64];
                bool on = number > 6 && strcmp(functions[f], "poll") != 0;
                snprintf(fault, sizeof fault, "%s %d%s", functions[f], (number - 1) % 6 + 1, on ? " on" : "");
                assert_int_equal(setenv("PRICEMAP_FAULT", fault, 1), 0);
                Use use = use_executor(FAULTY_WORKER, selects[s]);
                survived += use.right == TASKS;
                failed += use.right != TASKS;
            }
    unsetenv("PRICEMAP_FAULT");
    assert_true(survived > 0);
    assert_true(failed > 0);
    Use use = use_executor(FAULTY_WORKER, "echo 0 0");
    assert_int_equal(use.right, TASKS);
}

/* Here the library's own functions are meant, not the routines that are reached through them. */
#undef sqlite3_auto_extension
#undef sqlite3_cancel_auto_extension
#undef sqlite3_open
#undef sqlite3_close

int main(void)
{
    static const SqliteEntryPoints library = {.auto_extension = sqlite3_auto_extension,
                                              .cancel_auto_extension = sqlite3_cancel_auto_extension,
                                              .open = sqlite3_open,
                                              .close = sqlite3_close};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults_in_the_host),
        cmocka_unit_test(test_faults_in_the_workers),
    };
    leftovers_mark();
    snprintf(log_path, sizeof log_path, "/tmp/pricemap-faults-%d", (int)getpid());
    if (sqlite_api_attach(&library) != SQLITE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
