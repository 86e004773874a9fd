#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/process_test.h"
#include "tests/support/worker_of.h"
#include "ext/data/rowset.h"
#include "ext/executors/processes/launch.h"

Executor *process_test_create(const char *path)
{
    char *library = launch_sqlite_path();
    assert_non_null(library);
    Executor *executor = worker_of(path, library);
    free(library);
    assert_non_null(executor);
    executor->limits.retries = 2;
    return executor;
}

int process_test_setup(void **state)
{
    ProcessTest *test = calloc(1, sizeof *test);
    assert_non_null(test);
    strcpy(test->folder, "/tmp/pricemap-test-XXXXXX");
    assert_non_null(mkdtemp(test->folder));
    snprintf(test->log, sizeof test->log, "%s/log", test->folder);
    test->before = leftovers_look();
    test->executor = process_test_create(FAKE_WORKER);
    *state = test;
    return 0;
}

int process_test_teardown(void **state)
{
    ProcessTest *test = *state;
    char path[128];
    executor_close(test->executor);
    leftovers_check(&test->before);
    unlink(test->log);
    snprintf(path, sizeof path, "%s.once", test->log);
    unlink(path);
    assert_int_equal(rmdir(test->folder), 0);
    free(test);
    return 0;
}

void process_test_ensure(Executor *executor, int workers)
{
    char *message = NULL;
    int rc = executor_ensure_workers(executor, workers, &message);
    if (message)
        print_error("%s\n", message);
    assert_int_equal(rc, SQLITE_OK);
    assert_null(message);
    assert_true(executor->workers >= workers);
}

Recipe *process_test_recipe(const char *select, const char *file, bool partial)
{
    int limits[RECIPE_LIMITS] = {0};
    RecipeParts parts = {.encoding = SQLITE_UTF8,
                         .flags = partial ? RECIPE_PARTIAL : 0,
                         .limits = limits,
                         .declaration = file,
                         .select = select};
    Recipe *recipe = recipe_build(&parts);
    assert_non_null(recipe);
    return recipe;
}

Task *process_test_task(const Recipe *recipe, uint64_t position, uint32_t rows)
{
    Task *task = task_create(recipe);
    RowsetWriter writer;
    assert_non_null(task);
    assert_int_equal(rowset_begin(&writer, &task->input, 1, rows), SQLITE_OK);
    for (uint32_t i = 0; i < rows; i++) {
        rowset_set_integer(&writer, 0, (int64_t)(position + i));
        rowset_end_row(&writer);
    }
    rowset_finish(&writer);
    task->order = (TaskOrder){.position = position, .end_row = rows};
    return task;
}

void process_test_wait(Executor *executor, Task *task)
{
    int64_t end = clock_ns() + process_test_hang_ns;
    while (!task->done) {
        executor_wait(executor, task, 50);
        assert_true(clock_ns() < end);
    }
}

void process_test_count(const Task *task, ProcessOutcome *outcome)
{
    RowsetView rows;
    RowsetValue value = {.type = SQLITE_NULL};
    if (!task->report.rows_out)
        return;
    if (!rowset_open(&rows, task->output, task->output_size) || rows.rows != task->report.rows_out) {
        outcome->rc = SQLITE_CORRUPT;
        return;
    }
    for (uint32_t i = 0; i < rows.rows; i++) {
        if (!rowset_get(&rows, i, 0, &value)) {
            outcome->rc = SQLITE_CORRUPT;
            return;
        }
        outcome->rows++;
        if (value.type == SQLITE_INTEGER) {
            outcome->last_value = value.integer;
            outcome->as_serial = outcome->as_serial && value.integer == outcome->rows;
        } else if (value.type == SQLITE_TEXT) {
            outcome->bytes += value.size;
            const char *text = value.bytes;
            char wanted = (char)('a' + outcome->rows % 26);
            outcome->as_serial =
                outcome->as_serial && (!value.size || (text[0] == wanted && text[value.size - 1] == wanted));
        }
    }
}

ProcessOutcome process_test_drive(Executor *executor, const Recipe *recipe, int chunks, uint32_t rows,
                                  int depth, double timeout)
{
    ProcessOutcome outcome = {.as_serial = true};
    Task **tasks = calloc((size_t)chunks, sizeof *tasks);
    int submitted = 0, read = 0;
    assert_non_null(tasks);
    while (read < chunks && outcome.rc == SQLITE_OK) {
        while (submitted < chunks && submitted < read + depth) {
            Task *task = process_test_task(recipe, (uint64_t)submitted * rows + 1, rows);
            task->timeout = timeout;
            tasks[submitted] = task;
            if (executor_submit(executor, task) == SQLITE_BUSY) {
                task_free(task);
                break;
            }
            submitted++;
        }
        assert_true(submitted > read);
        Task *task = tasks[read];
        process_test_wait(executor, task);
        outcome.retries += task->retries;
        task->retries = 0;
        process_test_count(task, &outcome);
        uint32_t next = task->report.next_row;
        if (outcome.rc == SQLITE_OK && task->report.rc != SQLITE_OK) {
            outcome.rc = task->report.rc;
            snprintf(outcome.message, sizeof outcome.message, "%s", task->report.message);
        }
        executor_release(executor, task);
        if (outcome.rc == SQLITE_OK && next < task->order.end_row) {
            task->order.first_row = next;
            assert_int_equal(executor_submit(executor, task), SQLITE_OK);
            continue;
        }
        task_free(task);
        read++;
    }
    for (; read < submitted; read++)
        executor_abandon(executor, tasks[read]);
    free(tasks);
    return outcome;
}

ProcessOutcome process_test_run(const ProcessTest *test, const char *select, int chunks, uint32_t rows,
                                double timeout)
{
    Recipe *recipe = process_test_recipe(select, test->log, false);
    ProcessOutcome outcome =
        process_test_drive(test->executor, recipe, chunks, rows, 2 * test->executor->workers, timeout);
    recipe_unref(recipe);
    return outcome;
}

void process_test_as_serial(const ProcessOutcome *outcome, int64_t rows)
{
    if (outcome->rc != SQLITE_OK)
        print_error("%s\n", outcome->message);
    assert_int_equal(outcome->rc, SQLITE_OK);
    assert_int_equal(outcome->rows, rows);
    assert_true(outcome->as_serial);
}

void process_test_works(const ProcessTest *test, int workers)
{
    process_test_ensure(test->executor, workers);
    ProcessOutcome outcome = process_test_run(test, "echo 0 0", 20, 7, 0);
    process_test_as_serial(&outcome, 140);
}

void process_test_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_error("\"%s\" is not in \"%s\"\n", part, text);
    assert_non_null(strstr(text, part));
}

int process_test_logged(const ProcessTest *test)
{
    FILE *log = fopen(test->log, "re");
    int pids[1024], count = 0, pid;
    assert_non_null(log);
    while (fscanf(log, "%d", &pid) == 1) {
        int i = 0;
        while (i < count && pids[i] != pid)
            i++;
        if (i == count && count < 1024)
            pids[count++] = pid;
    }
    fclose(log);
    return count;
}

int process_test_find(const char *name, int least, pid_t *pids, int room)
{
    int count = 0;
    for (int64_t end = clock_ns() + process_test_hang_ns; count < least && clock_ns() < end;)
        count = leftovers_find(name, pids, room);
    assert_true(count >= least);
    return count;
}

void process_test_kill(const char *name, int number)
{
    pid_t pids[64];
    int count = process_test_find(name, 1, pids, 64);
    for (int i = 0; i < count; i++)
        kill(pids[i], number);
}

/* Here the library's own functions are meant, not the routines that are reached through them. */
#undef sqlite3_auto_extension
#undef sqlite3_cancel_auto_extension
#undef sqlite3_open
#undef sqlite3_close

int process_test_attach(void **state)
{
    (void)state;
    static const SqliteEntryPoints library = {.auto_extension = sqlite3_auto_extension,
                                              .cancel_auto_extension = sqlite3_cancel_auto_extension,
                                              .open = sqlite3_open,
                                              .close = sqlite3_close};
    leftovers_mark();
    return sqlite_api_attach(&library) != SQLITE_OK;
}
