/* What `auto` decides where rows wait, where the machine is busy, and where workers hold each other up for a
 * time: scripted samples go in, and the kinds, the numbers of workers and the reasons come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/engine_parts.h"
#include "tests/support/within.h"
#include "tests/unit/ext/controller_script.h"

/* ---- rows that wait ---- */

static const Row ten_milliseconds = {.ns = 10.1e6, .processor_ns = 20e3, .blocked = 1};

static void rows_that_wait_get_more_workers(void **state)
{
    (void)state;
    Script script = {0};
    begin_waiting(&script, 0, 2, 32);
    const ExecutorKind *kind = task_of(&script, 1, ten_milliseconds);
    assert_ptr_not_equal(kind, &executor_serial);
    assert_int_equal(script.controller.workers_used, 4);
    expect_reason(&script,
                  "a row takes 10100 µs in place, and a processor for 20 µs of them: it waits; 4 workers");
    int used = 4, rows = 1;
    for (; script.controller.workers_used < 32; rows++) {
        assert_ptr_equal(task_of(&script, 1, ten_milliseconds), kind);
        assert_true(script.controller.workers_used == used || script.controller.workers_used == 2 * used);
        used = script.controller.workers_used;
    }
    assert_true(rows < 120);
    expect_reason(&script, "it waits; 16 workers did 1584 rows a second: 32 workers");
    for (int i = 0; i < 1000; i++) {
        assert_ptr_equal(task_of(&script, 1, ten_milliseconds), kind);
        assert_int_equal(script.controller.workers_used, 32);
    }
    /* What was learnt: all of them at once. A source of one row is no work for several. */
    assert_ptr_equal(begin_waiting(&script, 2000, 2, 32), kind);
    assert_int_equal(script.controller.workers_used, 32);
    expect_reason(&script, "it waits; 32 workers");
    /* Where the user gave a number of workers there are no more. */
    assert_ptr_equal(begin(&script, 2000, 2), kind);
    assert_int_equal(script.controller.workers_used, 2);
}

/* What the rows wait for serves eight at a time. */
static Row served_by_eight(const Script *script)
{
    Row row = ten_milliseconds;
    if (script->controller.workers > 8)
        row.ns *= script->controller.workers / 8.0;
    return row;
}

static void more_workers_that_do_no_more_are_given_up(void **state)
{
    (void)state;
    Script script = {0};
    begin_waiting(&script, 0, 2, 32);
    task_of(&script, 1, ten_milliseconds);
    int trials = 0, rows = 0, last = 0, distance = 0, before = 4;
    for (; rows < 20000; rows++) {
        task_of(&script, 1, served_by_eight(&script));
        int workers = script.controller.workers_used;
        assert_true(workers <= 16);
        if (workers == 16 && before == 8) {
            /* At growing distances. */
            assert_true(trials < 2 || rows - last > distance + 16);
            distance = trials ? rows - last : 0;
            last = rows;
            trials++;
        }
        before = workers;
    }
    assert_int_equal(script.controller.workers_used, 8);
    assert_within(trials, 4, 12);
    /* The service has more room: that shows. */
    for (rows = 0; script.controller.workers_used < 32 && rows < 100000; rows++)
        task_of(&script, 1, ten_milliseconds);
    assert_int_equal(script.controller.workers_used, 32);
}

static void rows_that_compute_after_the_first(void **state)
{
    (void)state;
    Script script = {0};
    const Row computes = {.ns = 1e6, .processor_ns = 1e6};
    begin_waiting(&script, 0, 2, 32);
    for (int round = 0; round < 3; round++) {
        /* Each time it takes more rows that wait until it is believed again. */
        for (int i = 0; i < round * round; i++)
            assert_ptr_equal(task_of(&script, 1, ten_milliseconds), &executor_serial);
        assert_ptr_not_equal(task_of(&script, 1, ten_milliseconds), &executor_serial);
        assert_int_equal(script.controller.workers_used, 4);
        for (int i = 0; script.controller.kind != &executor_serial; i++) {
            assert_true(i < 20);
            task_of(&script, 1, computes);
        }
        expect_reason(&script, "rows waited at first, and compute now");
        assert_false(script.experience.waits);
    }
    assert_ptr_equal(task_of(&script, 1, ten_milliseconds), &executor_serial);
    expect_reason(&script, "rows wait again, and have computed in workers before");
    assert_ptr_not_equal(task_of(&script, 1, computes), &executor_serial);
    assert_int_equal(script.controller.workers_used, 2);
}

/* ---- a machine that is busy ---- */

/* A row of two milliseconds while other programs have the processors for three quarters of the time. */
static const Row disturbed = {.ns = 8e6, .processor_ns = 2e6, .preempted = 3};

static void a_busy_machine_makes_no_row_wait(void **state)
{
    (void)state;
    Script script = {0};
    begin_waiting(&script, 0, 2, 32);
    Row row = disturbed;
    /* It also waits for a moment now and then. */
    row.blocked = 1;
    for (int i = 0; i < 1000; i++) {
        task_of(&script, 1, row);
        assert_int_equal(script.controller.workers_used, 2);
    }
    assert_ptr_not_equal(script.controller.kind, &executor_serial);
    assert_false(script.experience.waits);
    assert_true(script.experience.in_place_row_ns == 2e6);
}

/* Twenty rows of 20 ms, each time in a quiet moment first, and then beside other programs: that is no sign of
 * workers that hold each other up. */
static void a_busy_machine_gives_no_workers_up(void **state)
{
    (void)state;
    Script script = {0};
    const Row quiet = {.ns = 20e6, .processor_ns = 20e6},
              busy = {.ns = 60e6, .processor_ns = 20e6, .preempted = 9};
    begin(&script, 0, 2);
    const ExecutorKind *kind = task_of(&script, 1, quiet);
    assert_ptr_not_equal(kind, &executor_serial);
    for (int run = 0; run < 20; run++) {
        for (int i = 0; i < 19; i++)
            assert_ptr_equal(task_of(&script, 1, busy), kind);
        assert_ptr_equal(begin(&script, 20, 2), kind);
    }
    assert_int_equal(script.experience.failed_kinds, 0);
}

/* Workers that hold each other up in runs that are too short for a window: the windows go on. */
static void short_runs_show_it_too(void **state)
{
    (void)state;
    Script script = {0};
    /* 1000 rows of 0.9 µs; at a lock two threads take more than twice as long. */
    const Row alone = {.ns = 900, .processor_ns = 900},
              held_up = {.ns = 2100, .processor_ns = 1200, .blocked = 0.5};
    Executor pools[EXECUTOR_KINDS];
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        pools[i] = (Executor){.kind = executor_kinds[i], .workers = 2};
        script.executors[i] = &pools[i];
    }
    begin(&script, 0, 2);
    task_of(&script, 1000, alone);
    const ExecutorKind *first = begin(&script, 1000, 2);
    assert_ptr_not_equal(first, &executor_serial);
    int runs = 0;
    for (; script.controller.kind == first && runs < 100; runs++) {
        for (int i = 0; i < 6 && script.controller.kind == first; i++)
            task_of(&script, 160, held_up);
        if (script.controller.kind == first)
            begin(&script, 1000, 2);
    }
    assert_within(runs, 1, 10);
    assert_true(script.experience.failed_kinds & 1u << executor_kind_index(first));
}

/* Workers hold each other up for some time, and then no longer: they are tried again after twice the work,
 * four times, and so on, in one window of each kind. */
static void workers_are_tried_again_at_growing_distances(void **state)
{
    (void)state;
    Script script = {0};
    const Row alone = {.ns = 1000, .processor_ns = 1000},
              held_up = {.ns = 4400, .processor_ns = 1000, .blocked = 0.1};
    double in_place_ns = 0, tried_ns = 0, distance_ns = 0, last_distance_ns = 0;
    int trials = 0;
    begin(&script, 0, WORKERS);
    for (int i = 0; i < 20000; i++) {
        const ExecutorKind *before = script.controller.kind;
        bool in_place = before == &executor_serial;
        task_of(&script, 1000, in_place ? alone : held_up);
        *(in_place ? &in_place_ns : &tried_ns) += 1e6;
        distance_ns += in_place ? 1e6 : 0;
        if (in_place && script.controller.kind != &executor_serial) {
            assert_true(trials < 2 || distance_ns > 1.9 * last_distance_ns);
            last_distance_ns = distance_ns;
            distance_ns = 0;
            trials++;
        }
    }
    assert_within(trials, 5, 12);
    /* Cheaply. */
    assert_true(tried_ns < in_place_ns / 20);
    /* Nothing holds them up any more: they stay. */
    int i = 0;
    while (script.controller.kind == &executor_serial && i++ < 100000)
        task_of(&script, 1000, alone);
    for (i = 0; i < 1000; i++)
        assert_ptr_not_equal(task_of(&script, 1000, alone), &executor_serial);
    assert_true(script.experience.rest_length_ns == 0);
}

/* A short task in place that was interrupted for long is not believed; where it was, workers show that rows
 * take less. */
static void one_slow_task_in_place_decides_nothing(void **state)
{
    (void)state;
    Script script = {0};
    Executor pools[EXECUTOR_KINDS];
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        pools[i] = (Executor){.kind = executor_kinds[i], .workers = 2};
        script.executors[i] = &pools[i];
    }
    const Row short_one = {.ns = 130}, interrupted = {.ns = 4000};
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(begin(&script, i ? 1000 : 0, 2), &executor_serial);
        assert_ptr_equal(task_of(&script, 1000, short_one), &executor_serial);
    }
    task_of(&script, 1000, interrupted);
    assert_ptr_equal(begin(&script, 1000, 2), &executor_serial);
    assert_true(script.experience.in_place_row_ns == 130);
    /* Twice in a row it is. */
    task_of(&script, 1000, interrupted);
    task_of(&script, 1000, interrupted);
    assert_ptr_not_equal(begin(&script, 1000, 2), &executor_serial);
    for (int i = 0; i < 8; i++)
        task_of(&script, 125, short_one);
    assert_ptr_equal(begin(&script, 1000, 2), &executor_serial);
    assert_true(script.experience.in_place_row_ns == 130);
}

/* Rows that wait on a machine that is busy: they are late, and that is not because they hold each other up.
 */
static void rows_that_wait_on_a_busy_machine(void **state)
{
    (void)state;
    Script script = {0};
    begin_waiting(&script, 0, 2, 32);
    const ExecutorKind *kind = task_of(&script, 1, ten_milliseconds);
    const Row late = {.ns = 60e6, .processor_ns = 20e3, .queued_ns = 49.9e6, .blocked = 1, .preempted = 2};
    for (int i = 0; i < 1000; i++)
        assert_ptr_equal(task_of(&script, 1, late), kind);
    assert_int_equal(script.controller.workers_used, 32);
}

static void too_few_workers_can_be_had(void **state)
{
    (void)state;
    Script script = {0};
    begin_waiting(&script, 0, 2, 32);
    const ExecutorKind *kind = task_of(&script, 1, ten_milliseconds);
    assert_ptr_equal(controller_short_of(&script.controller, 3, "no room"), kind);
    for (int i = 0; i < 1000; i++) {
        assert_ptr_equal(task_of(&script, 1, ten_milliseconds), kind);
        assert_int_equal(script.controller.workers_used, 3);
    }
    assert_ptr_not_equal(controller_short_of(&script.controller, 1, "no room"), kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_wait_get_more_workers),
        cmocka_unit_test(more_workers_that_do_no_more_are_given_up),
        cmocka_unit_test(rows_that_compute_after_the_first),
        cmocka_unit_test(a_busy_machine_makes_no_row_wait),
        cmocka_unit_test(a_busy_machine_gives_no_workers_up),
        cmocka_unit_test(short_runs_show_it_too),
        cmocka_unit_test(workers_are_tried_again_at_growing_distances),
        cmocka_unit_test(one_slow_task_in_place_decides_nothing),
        cmocka_unit_test(rows_that_wait_on_a_busy_machine),
        cmocka_unit_test(too_few_workers_can_be_had),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
