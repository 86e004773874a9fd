/* The thread executor: every task is done once, whatever its order; tasks are abandoned and pools closed at
 * any moment; time limits; workers that retire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "ext/base/clock.h"
#include "tests/support/engine_parts.h"
#include "ext/executors/kinds.h"
#include "tests/support/leftovers.h"

/* Half a minute, if nothing stopped it. */
#define LONG_MAP "increase_price_crazy(a, 10, 1000000000)"

static int64_t milliseconds(void)
{
    return clock_ns() / 1000000;
}

static Executor *create(int workers)
{
    char *message = NULL;
    Executor *executor = executor_threads.create(&(ExecutorParts){0});
    assert_non_null(executor);
    executor->limits.idle_seconds = 60;
    executor_hold(executor);
    assert_int_equal(executor_ensure_workers(executor, workers, &message), SQLITE_OK);
    assert_int_equal(executor->workers, workers);
    return executor;
}

static void await(Executor *executor, const Task *task)
{
    int64_t start = milliseconds();
    while (!atomic_load(&task->done)) {
        executor_wait(executor, task, 10);
        assert_true(milliseconds() - start < 60000);
    }
}

static void check(const Task *task, uint32_t rows, int64_t first)
{
    RowsetView view;
    RowsetValue value;
    assert_int_equal(task->report.rc, SQLITE_OK);
    assert_true(task->report.worker >= 0);
    assert_int_equal(task->report.pid, getpid());
    assert_true(task->report.end_ns >= task->report.start_ns);
    assert_true(rowset_open(&view, task->output, task->output_size));
    assert_int_equal(view.rows, rows);
    for (uint32_t i = 0; i < rows; i++) {
        assert_true(rowset_get(&view, i, 0, &value));
        assert_true(value.integer == 2 * (first + i));
    }
}

static void every_task_once(void **state)
{
    (void)state;
    enum { TASKS = 200 };
    Task *tasks[TASKS];
    Recipe *recipe = engine_recipe("a * 2", 0);
    for (int workers = 1; workers <= 8; workers *= 2) {
        Executor *executor = create(workers);
        for (int i = 0; i < TASKS; i++) {
            tasks[i] = engine_task(recipe, 10, 10 * i + 1);
            assert_int_equal(executor_submit(executor, tasks[i]), SQLITE_OK);
        }
        /* The last first: any order will do. */
        for (int i = TASKS - 1; i >= 0; i--) {
            await(executor, tasks[i]);
            check(tasks[i], 10, 10 * i + 1);
            executor_release(executor, tasks[i]);
            assert_null(tasks[i]->output);
        }
        /* Each once more, by a wait for any. */
        for (int i = 0; i < TASKS; i++)
            assert_int_equal(executor_submit(executor, tasks[i]), SQLITE_OK);
        int done = 0;
        for (int64_t start = milliseconds(); done < TASKS; assert_true(milliseconds() - start < 60000)) {
            executor_wait(executor, NULL, 10);
            done = 0;
            for (int i = 0; i < TASKS; i++)
                done += atomic_load(&tasks[i]->done);
        }
        for (int i = 0; i < TASKS; i++) {
            check(tasks[i], 10, 10 * i + 1);
            executor_release(executor, tasks[i]);
            task_free(tasks[i]);
        }
        executor_let_go(executor);
        executor_close(executor);
    }
    recipe_unref(recipe);
}

static void errors_are_results(void **state)
{
    (void)state;
    Executor *executor = create(2);
    Recipe *bad = engine_recipe("nonsense(a)", 0),
           *failing = engine_recipe("iif(a = 3, json('{'), a * 2)", 0);
    Task *tasks[] = {engine_task(bad, 2, 1), engine_task(failing, 5, 1)};
    for (int i = 0; i < 2; i++)
        assert_int_equal(executor_submit(executor, tasks[i]), SQLITE_OK);
    await(executor, tasks[0]);
    await(executor, tasks[1]);
    assert_int_equal(tasks[0]->report.rc, SQLITE_ERROR);
    assert_string_equal(tasks[0]->report.message, "no such function: nonsense");
    assert_int_equal(tasks[1]->report.rc, SQLITE_ERROR);
    assert_string_equal(tasks[1]->report.message, "malformed JSON (row 3)");
    assert_int_equal(tasks[1]->report.rows_out, 2);
    for (int i = 0; i < 2; i++) {
        executor_release(executor, tasks[i]);
        task_free(tasks[i]);
    }
    recipe_unref(bad);
    recipe_unref(failing);
    executor_let_go(executor);
    executor_close(executor);
}

/* Queued, running, done and released tasks are given up; the pool goes on. */
static void abandoned(void **state)
{
    (void)state;
    Executor *executor = create(2);
    Recipe *slow = engine_recipe(LONG_MAP, 0), *quick = engine_recipe("a * 2", 0);
    int64_t start = milliseconds();
    Task *tasks[6];
    for (int i = 0; i < 6; i++) {
        tasks[i] = engine_task(slow, 100, 1);
        assert_int_equal(executor_submit(executor, tasks[i]), SQLITE_OK);
    }
    usleep(30000); /* two are likely to run; either way is right */
    for (int i = 5; i >= 0; i--)
        executor_abandon(executor, tasks[i]);
    Task *done = engine_task(quick, 10, 1), *released = engine_task(quick, 10, 1);
    assert_int_equal(executor_submit(executor, done), SQLITE_OK);
    assert_int_equal(executor_submit(executor, released), SQLITE_OK);
    await(executor, done);
    await(executor, released);
    check(done, 10, 1);
    executor_release(executor, released);
    executor_abandon(executor, done);
    executor_abandon(executor, released);
    assert_true(milliseconds() - start < 20000);
    recipe_unref(slow);
    recipe_unref(quick);
    executor_let_go(executor);
    executor_close(executor);
}

static void closed_under_way(void **state)
{
    (void)state;
    Recipe *slow = engine_recipe(LONG_MAP, 0);
    for (int wait = 0; wait < 3; wait++) {
        Executor *executor = create(2);
        Task *tasks[5];
        int64_t start = milliseconds();
        for (int i = 0; i < 5; i++) {
            tasks[i] = engine_task(slow, 100, 1);
            assert_int_equal(executor_submit(executor, tasks[i]), SQLITE_OK);
        }
        usleep((unsigned)wait * 20000);
        for (int i = 0; i < 5; i++)
            executor_abandon(executor, tasks[i]);
        executor_let_go(executor);
        executor_close(executor);
        assert_true(milliseconds() - start < 20000);
    }
    executor_close(NULL);
    recipe_unref(slow);
}

static void timeouts(void **state)
{
    (void)state;
    Executor *executor = create(2);
    Recipe *slow = engine_recipe("iif(a = 3, " LONG_MAP ", a * 2)", 0);
    Task *late = engine_task(slow, 5, 1), *quick = engine_task(slow, 2, 1);
    late->timeout = quick->timeout = 0.3;
    assert_int_equal(executor_submit(executor, late), SQLITE_OK);
    await(executor, late);
    assert_int_equal(late->report.rc, SQLITE_ERROR);
    assert_string_equal(late->report.message,
                        "parallel_map: a task took longer than timeout_seconds = 0.3 (row 3)");
    assert_int_equal(late->report.next_row, 2);
    assert_int_equal(late->report.rows_out, 2);
    executor_release(executor, late);
    /* The worker is ready for the next. */
    quick->timeout = 60;
    assert_int_equal(executor_submit(executor, quick), SQLITE_OK);
    await(executor, quick);
    check(quick, 2, 1);
    executor_release(executor, quick);
    task_free(late);
    task_free(quick);
    recipe_unref(slow);
    executor_let_go(executor);
    executor_close(executor);
}

/* More workers can be requested at any time, fewer never end any. */
static void growing(void **state)
{
    (void)state;
    char *message = NULL;
    Executor *executor = create(1);
    assert_int_equal(executor_ensure_workers(executor, 3, &message), SQLITE_OK);
    assert_int_equal(executor->workers, 3);
    assert_true(executor->startup_ns > 0);
    assert_int_equal(executor_ensure_workers(executor, 2, &message), SQLITE_OK);
    assert_int_equal(executor->workers, 3);
    assert_true(executor->startup_ns == 0);
    executor_let_go(executor);
    executor_close(executor);
}

/* No map uses the pool: its workers end, and come back when they are needed. */
static void idle_workers_retire(void **state)
{
    (void)state;
    char *message = NULL;
    Executor *executor = create(2);
    Recipe *recipe = engine_recipe("a * 2", 0);
    int before = leftovers_look().threads;
    executor->limits.idle_seconds = 0.05;
    for (int round = 0; round < 3; round++) {
        executor_let_go(executor);
        for (int tries = 0; leftovers_look().threads > before - 2; tries++) {
            assert_true(tries < 6000);
            usleep(10000);
        }
        executor_hold(executor);
        assert_int_equal(executor_ensure_workers(executor, 2, &message), SQLITE_OK);
        Task *task = engine_task(recipe, 10, 1);
        assert_int_equal(executor_submit(executor, task), SQLITE_OK);
        await(executor, task);
        check(task, 10, 1);
        executor_release(executor, task);
        task_free(task);
    }
    recipe_unref(recipe);
    executor_let_go(executor);
    executor_close(executor);
}

static long switches(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw;
}

/* Neither a task that few may take nor the end of a run wakes the rest of a large pool. */
static void a_task_wakes_one_worker(void **state)
{
    (void)state;
    enum { WORKERS = 100, TASKS = 50 };
    Executor *executor = create(WORKERS);
    Recipe *recipe = engine_recipe("a * 2", 0);
    usleep(200000); /* they have gone to sleep, most likely */
    long before = switches();
    for (int i = 0; i < TASKS; i++) {
        Task *task = engine_task(recipe, 10, 1);
        task->worker_limit = 2;
        assert_int_equal(executor_submit(executor, task), SQLITE_OK);
        await(executor, task);
        assert_true(task->report.worker < 2);
        check(task, 10, 1);
        executor_release(executor, task);
        task_free(task);
        executor_let_go(executor);
        usleep(2000);
        executor_hold(executor);
    }
    /* Some for each task: the host's and one worker's. Waking the pool would be 5000, or 10000. */
    assert_true(switches() - before < WORKERS * TASKS / 3);
    recipe_unref(recipe);
    executor_let_go(executor);
    executor_close(executor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_once),
        cmocka_unit_test(errors_are_results),
        cmocka_unit_test(abandoned),
        cmocka_unit_test(closed_under_way),
        cmocka_unit_test(timeouts),
        cmocka_unit_test(growing),
        cmocka_unit_test(idle_workers_retire),
        cmocka_unit_test(a_task_wakes_one_worker),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
