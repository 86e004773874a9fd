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

/* ---- two kinds of workers ---- */

/* A row of a microsecond, of which workers of the kind that starts fastest gain moderately; of the other kind
 * one takes `other_ns`. */
static Row by_kind(const Script *script, const ExecutorKind *first, double other_ns)
{
    const double ns = script->controller.kind == &executor_serial ? 1000
                      : script->controller.kind == first          ? 2500
                                                                  : other_ns;
    return (Row){.ns = ns, .processor_ns = 1000, .blocked = 0.1};
}

static const ExecutorKind *first_kind(Script *script)
{
    begin(script, 0, WORKERS);
    while (script->controller.kind == &executor_serial)
        task_of(script, 1000, (Row){.ns = 1000, .processor_ns = 1000});
    return script->controller.kind;
}

/* Workers of one kind gain a little; those of the other gain all that they can: they are found, soon, and
 * later runs begin with them. */
static void another_kind_does_far_more(void **state)
{
    (void)state;
    Script script = {0};
    const ExecutorKind *first = first_kind(&script);
    int tasks = 0;
    while (script.controller.kind == first && tasks++ < 1000)
        task_of(&script, 1000, by_kind(&script, first, 1000));
    const ExecutorKind *other = script.controller.kind;
    assert_ptr_not_equal(other, first);
    assert_ptr_not_equal(other, &executor_serial);
    for (int i = 0; i < 2000; i++)
        assert_ptr_equal(task_of(&script, 1000, by_kind(&script, first, 1000)), other);
    expect_reason(&script, "a row took 1000 ns in place, 2500 ns in 4");
    assert_ptr_equal(begin(&script, 1e9, WORKERS), other);
}

/* It does no more: it is tried again at growing distances (in windows; tasks that warm up come on top),
 * for a small part of the work, and the first kind keeps the rest. */
static void another_kind_does_no_more(void **state)
{
    (void)state;
    Script script = {0};
    const ExecutorKind *first = first_kind(&script);
    int trials = 0, tried = 0, distance = 0, last_distance = 0;
    for (int i = 0; i < 20000; i++) {
        const ExecutorKind *before = script.controller.kind;
        assert_ptr_not_equal(before, &executor_serial);
        task_of(&script, 1000, by_kind(&script, first, 2600));
        tried += before != first;
        distance += before == first;
        if (before == first && script.controller.kind != first) {
            assert_true(trials < 2 || distance > 1.7 * last_distance);
            last_distance = distance;
            distance = 0;
            trials++;
        }
    }
    assert_within(trials, 3, 14);
    assert_true(tried < 1000);
    assert_ptr_equal(script.controller.kind, first);
    assert_int_equal(script.experience.failed_kinds, 0);
    assert_ptr_equal(begin(&script, 1e9, WORKERS), first);
}

/* Workers of the other kind hold each other up altogether, or cannot be had: the first kind goes on. */
static void another_kind_is_of_no_use(void **state)
{
    (void)state;
    for (int can_be_had = 0; can_be_had < 2; can_be_had++) {
        Script script = {0};
        const ExecutorKind *first = first_kind(&script);
        for (int i = 0; i < 5000; i++) {
            task_of(&script, 1000, by_kind(&script, first, 20000));
            if (!can_be_had && script.controller.kind != first)
                assert_ptr_equal(
                    controller_unavailable(&script.controller, script.controller.kind, "no room"), first);
        }
        assert_ptr_equal(begin(&script, 1e9, WORKERS), first);
        assert_int_equal(script.experience.failed_kinds, 0);
    }
}

/* A trial would cost more than so little work is worth. */
static void little_work_looks_at_no_other_kind(void **state)
{
    (void)state;
    Script script = {0};
    const ExecutorKind *first = first_kind(&script);
    for (int run = 0; run < 200; run++) {
        script.rest.units = 10e3;
        for (int i = 0; i < 10; i++)
            assert_ptr_equal(task_of(&script, 1000, by_kind(&script, first, 1000)), first);
        begin(&script, 1e6, WORKERS);
    }
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
        cmocka_unit_test(another_kind_does_far_more),
        cmocka_unit_test(another_kind_does_no_more),
        cmocka_unit_test(another_kind_is_of_no_use),
        cmocka_unit_test(little_work_looks_at_no_other_kind),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
