/* The log of a connection's runs: what is kept, and that it does not grow beyond its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/engine_parts.h"
#include "ext/connection/run_log.h"

static void oldest_run_goes_first(void **state)
{
    (void)state;
    RunLog *log = calloc(1, sizeof *log);
    assert_non_null(log);
    assert_null(run_log_find(log, 0));
    assert_null(run_log_find(log, 1));
    for (int64_t i = 1; i <= 3 * RUN_LOG_RUNS; i++) {
        RunRecord *run = run_log_add(log, "source", "map", "auto");
        assert_non_null(run);
        assert_int_equal(run->run, i);
        assert_int_equal(strlen(run->started_at), strlen("2026-01-01T00:00:00.000Z"));
        assert_ptr_equal(run_log_find(log, i), run);
        assert_true(log->count <= RUN_LOG_RUNS);
    }
    assert_null(run_log_find(log, 2 * RUN_LOG_RUNS));
    assert_non_null(run_log_find(log, 2 * RUN_LOG_RUNS + 1));
    assert_null(run_log_find(log, 3 * RUN_LOG_RUNS + 1));
    assert_null(run_log_find(log, INT64_MAX));
    assert_null(run_log_find(log, INT64_MIN / 2));
    run_log_clear(log);
    assert_int_equal(log->count, 0);
    run_log_clear(log);
    free(log);
}

static void tasks_are_bounded(void **state)
{
    (void)state;
    RunLog *log = calloc(1, sizeof *log);
    TaskReport report = {.worker = 1, .pid = 2, .start_ns = 1100, .end_ns = 1300, .rows_out = 5};
    assert_non_null(log);
    for (int i = 0; i < 3; i++) {
        RunRecord *run = run_log_add(log, "s", "m", "serial");
        for (int j = 0; j < RUN_LOG_TASKS / 2; j++)
            run_log_task(log, run, &report, NULL, 7, 1000);
        assert_int_equal(run->record_count, RUN_LOG_TASKS / 2);
        assert_true(log->tasks <= RUN_LOG_TASKS);
    }
    /* The first run is still there, without its tasks. */
    assert_int_equal(run_log_find(log, 1)->record_count, 0);
    const TaskRecord *task = &run_log_find(log, 3)->records[138];
    assert_int_equal(task->worker, 1);
    assert_int_equal(task->pid, 2);
    assert_int_equal(task->start_ns, 100);
    assert_int_equal(task->end_ns, 300);
    assert_int_equal(task->rows_in, 7);
    assert_int_equal(task->rows_out, 5);
    run_log_clear(log);
    free(log);
}

/* A single run with more tasks than there is room for loses the oldest of them, not the newest. */
static void one_run_with_very_many_tasks(void **state)
{
    (void)state;
    RunLog *log = calloc(1, sizeof *log);
    TaskReport report = {.worker = 0};
    assert_non_null(log);
    RunRecord *run = run_log_add(log, "s", "m", "serial");
    for (int i = 0; i < RUN_LOG_TASKS + RUN_LOG_TASKS / 4; i++)
        run_log_task(log, run, &report, i % 2 ? "one" : "other", (uint32_t)i, 0);
    assert_true(log->tasks <= RUN_LOG_TASKS);
    assert_true(run->record_count > 0);
    assert_int_equal(run->records[run->record_count - 1].rows_in, RUN_LOG_TASKS + RUN_LOG_TASKS / 4 - 1);
    assert_int_equal(log->machine_count, 2);
    assert_string_equal(run_log_machine(log, run->records[run->record_count - 1].machine), "one");
    assert_null(run_log_machine(log, 0));
    run_log_clear(log);
    free(log);
}

static void texts(void **state)
{
    (void)state;
    char *field = NULL;
    run_log_set(&field, "one");
    assert_string_equal(field, "one");
    run_log_set(&field, "two");
    assert_string_equal(field, "two");
    run_log_set(&field, NULL);
    assert_null(field);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_run_goes_first),
        cmocka_unit_test(tasks_are_bounded),
        cmocka_unit_test(one_run_with_very_many_tasks),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
