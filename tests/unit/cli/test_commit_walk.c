/* The order in which commits are measured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "cli/measure/commit_walk.h"

enum { MOST = 64 };

/* Commits whose figures are 100 until one of them, and more from it on. */
typedef struct Sources {
    CommitState states[MOST];
    double figures[MOST];
    size_t count, changed;
    /* Commits that cannot be measured, one bit each. */
    uint64_t broken;
} Sources;

static const double threshold = 1.05;

static size_t next(const Sources *sources, bool bisect)
{
    const WalkRules rules = {.benchmarks = 1, .thresholds = &threshold, .bisect = bisect};
    return commit_walk_next(sources->states, sources->figures, sources->count, &rules);
}

/* Measures a commit as it is. */
static void measure(Sources *sources, size_t index)
{
    assert_true(index < sources->count && sources->states[index] == COMMIT_MISSING);
    const bool broken = sources->broken >> index & 1;
    sources->states[index] = broken ? COMMIT_FAILED : COMMIT_MEASURED;
    sources->figures[index] = broken ? NAN : index < sources->changed ? 100 : 130;
}

/* Walks to the end; returns how many commits were measured. */
static size_t walk(Sources *sources, bool bisect)
{
    size_t steps = 0;
    for (size_t i; (i = next(sources, bisect)) < sources->count; steps++)
        measure(sources, i);
    return steps;
}

static Sources sources_of(size_t count, size_t changed, uint64_t broken)
{
    Sources sources = {.count = count, .changed = changed, .broken = broken};
    for (size_t i = 0; i < count; i++)
        sources.figures[i] = NAN;
    return sources;
}

static void the_ends_come_first(void **state)
{
    (void)state;
    Sources sources = sources_of(9, 9, 0);
    assert_int_equal(next(&sources, false), 8);
    measure(&sources, 8);
    assert_int_equal(next(&sources, false), 0);
    measure(&sources, 0);
    assert_int_equal(next(&sources, false), 4);
    /* Where an end fails, the next commit inwards is the end. */
    sources = sources_of(9, 9, 1 << 8 | 1);
    measure(&sources, 8);
    assert_int_equal(next(&sources, false), 7);
    measure(&sources, 7);
    measure(&sources, 0);
    assert_int_equal(next(&sources, true), 1);
}

static void every_change_is_found_in_few_steps(void **state)
{
    (void)state;
    for (size_t count = 2; count <= MOST; count++)
        for (size_t changed = 1; changed < count; changed++) {
            Sources sources = sources_of(count, changed, 0);
            size_t steps = walk(&sources, true), most = 2;
            for (size_t rest = count - 1; rest > 1; rest = (rest + 1) / 2)
                most++;
            assert_true(steps <= most);
            assert_int_equal(sources.states[changed], COMMIT_MEASURED);
            assert_int_equal(sources.states[changed - 1], COMMIT_MEASURED);
        }
    /* Without a change, the ends are all that is measured. */
    Sources sources = sources_of(MOST, MOST, 0);
    assert_int_equal(walk(&sources, true), 2);
}

static void what_fails_is_passed_over(void **state)
{
    (void)state;
    for (size_t first = 1; first < 20; first++)
        for (size_t length = 1; first + length < 20; length++) {
            uint64_t broken = ((UINT64_C(1) << length) - 1) << first;
            Sources sources = sources_of(20, first, broken);
            walk(&sources, true);
            assert_int_equal(sources.states[first - 1], COMMIT_MEASURED);
            assert_int_equal(sources.states[first + length], COMMIT_MEASURED);
            for (size_t i = first; i < first + length; i++)
                assert_int_equal(sources.states[i], COMMIT_FAILED);
        }
    Sources sources = sources_of(5, 5, 31);
    assert_int_equal(walk(&sources, true), 5);
}

static void all_are_measured_in_the_end(void **state)
{
    (void)state;
    Sources sources = sources_of(MOST, 40, 0);
    assert_int_equal(walk(&sources, false), MOST);
    sources = sources_of(1, 1, 0);
    assert_int_equal(walk(&sources, false), 1);
    /* A change is followed before longer stretches are. */
    sources = sources_of(32, 30, 0);
    measure(&sources, 0);
    measure(&sources, 27);
    measure(&sources, 31);
    assert_int_equal(next(&sources, false), 29);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ends_come_first),
        cmocka_unit_test(every_change_is_found_in_few_steps),
        cmocka_unit_test(what_fails_is_passed_over),
        cmocka_unit_test(all_are_measured_in_the_end),
    };
    return cmocka_run_group_tests_name("commit walk", tests, NULL, NULL);
}
