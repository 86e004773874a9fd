/* Which runs of a query under `auto` are whole, from what earlier ones took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ext/run/whole_runs.h"
#include "tests/support/within.h"

/* Number of `count` runs that are whole, where one takes so many nanoseconds in either way. */
static int count_whole(WholeRuns *runs, int count, double parts_ns, double whole_ns)
{
    int whole = 0;
    for (int i = 0; i < count; i++) {
        const bool chosen = whole_runs_choose(runs);
        whole_runs_add(runs, chosen, chosen ? whole_ns : parts_ns);
        whole += chosen;
    }
    return whole;
}

static void second_run(void **state)
{
    (void)state;
    WholeRuns runs = {0};
    assert_int_equal(count_whole(&runs, 1, 2e6, 1e6), 0);
    assert_int_equal(count_whole(&runs, 1, 2e6, 1e6), 1);
    /* A long run is not worth it. */
    runs = (WholeRuns){0};
    assert_int_equal(count_whole(&runs, 1000, 2e9, 1e6), 0);
}

static void faster_way(void **state)
{
    (void)state;
    WholeRuns runs = {0};
    assert_within(count_whole(&runs, 1000, 2e6, 1e6), 990, 999);
    runs = (WholeRuns){0};
    assert_within(count_whole(&runs, 1000, 1e6, 2e6), 1, 10);
    /* The first run may have started workers, and the machine may change. */
    runs = (WholeRuns){0};
    assert_int_equal(count_whole(&runs, 1, 30e6, 10e6), 0);
    assert_within(count_whole(&runs, 100, 5e6, 10e6), 1, 8);
    assert_within(count_whole(&runs, 10000, 15e6, 10e6), 5000, 9999);
}

/* A run in the slower way costs more the slower that is: such runs take a small part of the time of all. */
static void price_of_comparing(void **state)
{
    (void)state;
    WholeRuns runs = {0};
    assert_within(count_whole(&runs, 1000, 1e6, 20e6), 1, 4);
    /* The second run is enough where the first, which may have started workers, was faster still. */
    runs = (WholeRuns){0};
    assert_int_equal(count_whole(&runs, 3, 1e6, 2e6), 1);
    runs = (WholeRuns){0};
    assert_int_equal(count_whole(&runs, 3, 2e6, 1e6), 1);
}

/* One run that others held up makes its way seem slower for a few runs, not for hundreds. */
static void held_up_once(void **state)
{
    (void)state;
    WholeRuns runs = {0};
    count_whole(&runs, 1000, 1e6, 1.5e6);
    runs.runs_left = 1000;
    assert_false(whole_runs_choose(&runs));
    whole_runs_add(&runs, false, 5e6);
    assert_within(count_whole(&runs, 100, 1e6, 1.5e6), 1, 10);
    runs = (WholeRuns){0};
    count_whole(&runs, 1000, 1.5e6, 1e6);
    runs.runs_left = 1000;
    assert_true(whole_runs_choose(&runs));
    whole_runs_add(&runs, true, 5e6);
    assert_within(count_whole(&runs, 100, 1.5e6, 1e6), 90, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second_run),
        cmocka_unit_test(faster_way),
        cmocka_unit_test(price_of_comparing),
        cmocka_unit_test(held_up_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
