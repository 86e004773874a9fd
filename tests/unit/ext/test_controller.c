/* What `auto` decides: scripted samples go in, and the kinds, the numbers of workers and the reasons come
 * out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/engine_parts.h"
#include "tests/support/within.h"
#include "tests/unit/ext/controller_script.h"

/* A task of so many rows ran where tasks go now, and took so long for each. */
static const ExecutorKind *task(Script *script, double rows, double ns_each)
{
    TaskSample sample = {.ran_on = script->controller.kind, .units = rows, .ns = rows * ns_each};
    return controller_next(&script->controller, &sample, &script->rest);
}

/* Tasks of a millisecond, until the controller goes elsewhere or there were so many; how many there were. */
static int tasks_until_switch(Script *script, double ns_each, int most)
{
    const ExecutorKind *kind = script->controller.kind;
    for (int i = 1; i <= most; i++)
        if (task(script, 1e6 / ns_each, ns_each) != kind)
            return i;
    return most + 1;
}

static void little_work_stays_in_place(void **state)
{
    (void)state;
    Script script = {0};
    assert_ptr_equal(begin(&script, 0, WORKERS), &executor_serial);
    expect_reason(&script, "serial: the source is empty");
    assert_ptr_equal(task(&script, 10, -1), &executor_serial);
    expect_reason(&script, "no work seen so far but the constants");
    assert_ptr_equal(task(&script, 10, 1000), &executor_serial);
    expect_reason(&script, "serial: only 10 µs of work seen so far");
    script.rest.more = false;
    assert_ptr_equal(task(&script, 10, 1000), &executor_serial);
    expect_reason(&script, "serial: 20 µs of work seen, and workers cost");
    assert_true(script.experience.in_place_row_ns == 1000);
}

static void much_work_goes_to_the_workers_that_start_fastest(void **state)
{
    (void)state;
    Script script = {0};
    const ExecutorKind *fastest = NULL;
    for (int i = 0; i < EXECUTOR_KINDS; i++)
        if (executor_kinds[i]->automatic && (!fastest || executor_kinds[i]->start_ns < fastest->start_ns))
            fastest = executor_kinds[i];
    begin(&script, 0, WORKERS);
    assert_true(tasks_until_switch(&script, 1000, 1000) <= 1000);
    assert_ptr_equal(script.controller.kind, fastest);
    assert_int_equal(script.controller.workers_used, WORKERS);
    expect_reason(&script, "1.00 µs a row to evaluate in place");
    /* Workers that gain keep the work. */
    assert_int_equal(tasks_until_switch(&script, 1000, 1000), 1001);

    /* What was learnt sends the next run to workers at once, if enough rows are known to come. */
    assert_ptr_equal(begin(&script, 1e6, WORKERS), fastest);
    assert_ptr_equal(begin(&script, 10, WORKERS), &executor_serial);
    expect_reason(&script, "µs of work are left, and workers cost");
    assert_ptr_equal(begin(&script, 0, WORKERS), &executor_serial);
}

/* Functions in another language take the lock of its interpreter, and their processes start slowly: as long
 * as the last time, where that is known. */
static void functions_in_another_language_want_processes(void **state)
{
    (void)state;
    for (int known = 0; known < 2; known++) {
        Script script = {0};
        const double start_ns = known ? 20e6 : 60e6;
        script.rest = (SourceRest){.more = true};
        assert_ptr_equal(controller_begin(&script.controller,
                                          &(ControllerStart){.experience = &script.experience,
                                                             .executors = script.executors,
                                                             .workers = WORKERS,
                                                             .rest = script.rest,
                                                             .language = true,
                                                             .language_start_ns = known ? start_ns : 0}),
                         &executor_serial);
        int tasks = tasks_until_switch(&script, 1e4, 100);
        assert_within(tasks, (int)(start_ns / 1e6), (int)(start_ns / 1e6) + 1);
        assert_ptr_equal(script.controller.kind, &executor_processes);
        expect_reason(&script, "where threads would wait for the lock of Python's interpreter");
    }
}

static void one_way_alone(void **state)
{
    (void)state;
    Script script = {0};
    controller_begin_only(&script.controller, &executor_processes, WORKERS, "f() is elsewhere");
    assert_ptr_equal(script.controller.kind, &executor_processes);
    assert_ptr_equal(task(&script, 1, 1), &executor_processes);
    expect_reason(&script, "processes: f() is elsewhere");
}

static void one_processor_and_cheap_rows_want_no_workers(void **state)
{
    (void)state;
    Script script = {0};
    begin(&script, 0, 1);
    assert_int_equal(tasks_until_switch(&script, 1000, 100), 101);
    expect_reason(&script, "serial: one processor");
    begin(&script, 0, WORKERS);
    assert_int_equal(tasks_until_switch(&script, 50, 100), 101);
    expect_reason(&script, "handing rows out would cost more");
    script.controller.reader_ns = 100000;
    assert_int_equal(tasks_until_switch(&script, 1000, 100), 101);
    expect_reason(&script, "workers would wait for the host");
    /* Workers that read the table themselves are not handed anything. */
    script.controller.reader_ns = 0;
    script.rest.ranged = true;
    TaskSample sample = {.ran_on = &executor_serial, .ranged = true, .units = 20000, .ns = 1e6};
    assert_ptr_not_equal(controller_next(&script.controller, &sample, &script.rest), &executor_serial);
    assert_true(script.experience.in_place_rowid_ns == 50);
}

static void workers_that_gain_nothing_are_given_up_kind_by_kind(void **state)
{
    (void)state;
    Script script = {0};
    begin(&script, 0, WORKERS);
    int given_up = 0;
    tasks_until_switch(&script, 1000, 1000);
    while (script.controller.kind != &executor_serial) {
        const ExecutorKind *kind = script.controller.kind;
        int least = WORKERS + kind->windows * (kind->window_ns > 4e6 ? (int)(kind->window_ns / 1e6) : 4);
        assert_true(least < 1000);
        /* Four workers do each row in four times the time. */
        assert_int_equal(tasks_until_switch(&script, 4000, 1000), least);
        given_up++;
        assert_true(given_up <= EXECUTOR_KINDS);
        if (script.controller.kind != &executor_serial) {
            expect_reason(&script, "which hold each other up");
            assert_int_equal(script.experience.failed_kinds, 1u << executor_kind_index(kind));
        }
    }
    assert_int_equal(given_up, 2);
    expect_reason(&script, "nothing is gained");
    assert_int_equal(script.experience.failed_kinds, 0);

    /* The next runs do without, until as much was done in place again as it took to see. */
    for (int i = 0; i < 8; i++) {
        assert_ptr_equal(begin(&script, 1e9, WORKERS), &executor_serial);
        expect_reason(&script, "workers did not make this map faster when it ran before");
        assert_int_equal(tasks_until_switch(&script, 1000, 10), 11);
    }
    assert_within(tasks_until_switch(&script, 1000, 1000), 10, 100);
    assert_ptr_not_equal(begin(&script, 1e9, WORKERS), &executor_serial);
}

/* One bad window is no reason where the kind needs more of them, and a good one in between counts. */
static void good_windows_between_bad_ones(void **state)
{
    (void)state;
    Script script = {0};
    begin(&script, 0, WORKERS);
    tasks_until_switch(&script, 1000, 1000);
    const ExecutorKind *kind = script.controller.kind;
    for (int round = 0; round < 5; round++) {
        script.controller.warmup_tasks = 0;
        for (int i = 1; i < kind->windows; i++) {
            script.experience.window =
                (WorkSum){.tasks = 3, .ns = kind->window_ns, .units = kind->window_ns / 4000};
            assert_ptr_equal(task(&script, 250, 4000), kind);
            assert_int_equal(script.experience.bad_windows, i);
        }
        script.experience.window =
            (WorkSum){.tasks = 3, .ns = kind->window_ns, .units = kind->window_ns / 1000};
        assert_ptr_equal(task(&script, 1000, 1000), kind);
        assert_int_equal(script.experience.bad_windows, 0);
    }
}

static void a_slow_reader_keeps_fewer_workers_busy(void **state)
{
    (void)state;
    Script script = {0};
    begin(&script, 0, WORKERS);
    tasks_until_switch(&script, 1000, 1000);
    const ExecutorKind *kind = script.controller.kind;
    script.controller.reader_ns = 600;
    assert_int_equal(tasks_until_switch(&script, 1000, 100), 101);
    assert_ptr_equal(script.controller.kind, kind);
    assert_int_equal(script.controller.workers_used, 2);
    expect_reason(&script, "2 of 4 workers keep up with it");
    script.controller.reader_ns = 1;
    tasks_until_switch(&script, 1000, 100);
    assert_int_equal(script.controller.workers_used, WORKERS);
}

static void samples_that_tell_nothing(void **state)
{
    (void)state;
    Script script = {0};
    begin(&script, 0, WORKERS);
    const Controller before = script.controller;
    TaskSample samples[] = {
        {.ran_on = &executor_serial, .failed = true, .units = 1e6, .ns = 1e9},
        {.ran_on = &executor_serial, .ranged = true, .units = 1e6, .ns = 1e9},
        {.ran_on = &executor_serial, .units = 0, .ns = 1e9},
        {.ran_on = NULL, .units = 1e6, .ns = 1e9},
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        assert_ptr_equal(controller_next(&script.controller, &samples[i], &script.rest), &executor_serial);
        assert_memory_equal(&script.controller, &before, sizeof before);
    }
}

static void workers_that_cannot_be_had(void **state)
{
    (void)state;
    Script script = {0};
    begin(&script, 0, WORKERS);
    tasks_until_switch(&script, 1000, 1000);
    const ExecutorKind *first = script.controller.kind;
    const ExecutorKind *second = controller_unavailable(&script.controller, first, "no room");
    assert_ptr_not_equal(second, first);
    assert_ptr_not_equal(second, &executor_serial);
    assert_ptr_equal(controller_unavailable(&script.controller, second, "no room"), &executor_serial);
    expect_reason(&script, "serial: no workers could be started: no room");
    assert_int_equal(tasks_until_switch(&script, 1000, 1000), 1001);
    controller_unavailable(&script.controller, second, NULL);
    expect_reason(&script, "out of memory");

    /* Those that lack what the map needs are remembered beyond the run. */
    assert_int_equal(script.experience.lacking_kinds, 0);
    begin(&script, 1e9, WORKERS);
    assert_ptr_equal(script.controller.kind, first);
    assert_ptr_equal(controller_lacking(&script.controller, first, "no such function: f"), second);
    expect_reason(&script, "cannot prepare this map: no such function: f");
    assert_ptr_equal(controller_lacking(&script.controller, first, "no such function: f"), second);
    assert_ptr_equal(begin(&script, 1e9, WORKERS), second);
    assert_ptr_equal(controller_lacking(&script.controller, second, "no such function: f"), &executor_serial);
    assert_ptr_equal(begin(&script, 1e9, WORKERS), &executor_serial);
    expect_reason(&script, "serial: workers cannot prepare this map");
    /* Another plan may have other extensions. */
    assert_int_equal(map_experience_of_new_plan(&script.experience).lacking_kinds, 0);
    assert_true(map_experience_of_new_plan(&script.experience).in_place_row_ns == 1000);
}

static void workers_that_are_there_cost_less(void **state)
{
    (void)state;
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        Script script = {.experience = {.in_place_row_ns = 1000}};
        Executor executor = {.kind = executor_kinds[i], .workers = WORKERS};
        if (!executor_kinds[i]->automatic)
            continue;
        script.executors[i] = &executor;
        begin(&script, 1, WORKERS);
        assert_true(script.controller.start_ns[i] < executor_kinds[i]->start_ns);
        executor.workers = WORKERS - 1;
        begin(&script, 1, WORKERS);
        assert_true(script.controller.start_ns[i] == executor_kinds[i]->start_ns);
    }
}

static void an_executor_that_was_asked_for_stays(void **state)
{
    (void)state;
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        Script script = {0};
        controller_begin_requested(&script.controller, executor_kinds[i], 3);
        assert_int_equal(script.controller.workers_used, 3);
        assert_int_equal(tasks_until_switch(&script, 4000, 1000), 1001);
        controller_feed_begins(&script.controller);
        controller_feed_ends(&script.controller, 10);
        controller_reader_begins(&script.controller, 10);
        controller_reader_ends(&script.controller);
        assert_true(script.controller.feed_ns == 0 && script.controller.reader_ns == 0);
        assert_string_equal(script.controller.reason, "requested");
    }
}

static void the_feed_and_the_reader_are_timed(void **state)
{
    (void)state;
    Script script = {0};
    begin(&script, 0, WORKERS);
    controller_reader_ends(&script.controller); /* nothing was given yet */
    assert_true(script.controller.reader_ns == 0);
    controller_feed_begins(&script.controller);
    script.controller.feed_began_ns -= 1000000000;
    controller_feed_ends(&script.controller, 1000);
    assert_true(script.controller.feed_ns >= 1e6);
    controller_reader_begins(&script.controller, 100);
    script.controller.given_ns -= 1000000000;
    controller_reader_ends(&script.controller);
    assert_true(script.controller.reader_ns >= 1e7);
    double reader_ns = script.controller.reader_ns;
    controller_reader_ends(&script.controller); /* the end of a clock that was stopped */
    assert_true(script.controller.reader_ns == reader_ns);
    task(&script, 10, 1000);
    assert_true(script.experience.feed_ns == script.controller.feed_ns);
}

static void tasks_that_are_measured(void **state)
{
    (void)state;
    Script script = {0};
    static const struct {
        double expected_ns;
        bool measured, measures_queue;
    } tasks[] = {{0, true, true}, {1e6, true, true}, {100e3, true, false}, {1000, false, false}};
    TaskOrder order;
    begin(&script, 0, 2);
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        controller_measure(&script.controller, &order, tasks[i].expected_ns);
        assert_int_equal(order.measured, tasks[i].measured);
        assert_int_equal(order.measures_queue, tasks[i].measures_queue);
    }
    controller_begin_requested(&script.controller, &executor_threads, 2);
    controller_measure(&script.controller, &order, 1e6);
    assert_false(order.measured || order.measures_queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_work_stays_in_place),
        cmocka_unit_test(much_work_goes_to_the_workers_that_start_fastest),
        cmocka_unit_test(functions_in_another_language_want_processes),
        cmocka_unit_test(one_way_alone),
        cmocka_unit_test(one_processor_and_cheap_rows_want_no_workers),
        cmocka_unit_test(workers_that_gain_nothing_are_given_up_kind_by_kind),
        cmocka_unit_test(good_windows_between_bad_ones),
        cmocka_unit_test(a_slow_reader_keeps_fewer_workers_busy),
        cmocka_unit_test(samples_that_tell_nothing),
        cmocka_unit_test(workers_that_cannot_be_had),
        cmocka_unit_test(workers_that_are_there_cost_less),
        cmocka_unit_test(an_executor_that_was_asked_for_stays),
        cmocka_unit_test(the_feed_and_the_reader_are_timed),
        cmocka_unit_test(tasks_that_are_measured),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
