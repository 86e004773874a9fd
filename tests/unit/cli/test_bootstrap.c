/* The bootstrap interval against the distribution that it estimates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "cli/statistics/bootstrap.h"
#include "cli/statistics/statistics.h"
#include "tests/support/numbers.h"
#include "tests/support/within.h"

static const BootstrapRules rules = {.resamples = 10000, .confidence = 0.95, .seed = 1};

static void interval(const double *above, size_t above_count, const double *below, size_t below_count,
                     const BootstrapRules *by, double bounds[2])
{
    Failure failure;
    assert_int_equal(
        bootstrap_median_ratio(above, above_count, below, below_count, by, &bounds[0], &bounds[1], &failure),
        0);
}

static void the_same_seed_gives_the_same_interval(void **state)
{
    (void)state;
    const double above[] = {2.1, 2.2, 2.3, 2.4, 2.6}, below[] = {1.0, 1.1, 1.15, 1.2};
    BootstrapRules other = rules;
    other.resamples = 101;
    double first[2], second[2], third[2];
    interval(above, 5, below, 4, &other, first);
    interval(above, 5, below, 4, &other, second);
    assert_memory_equal(first, second, sizeof first);
    other.seed = 2;
    interval(above, 5, below, 4, &other, third);
    assert_memory_not_equal(first, third, sizeof first);
}

/* The median of a resample of {1, 2, 3} is 1 or 3 with 7/27 each and 2 with 13/27; that of {1} is 1. */
static void bounds_are_quantiles_of_the_resamples(void **state)
{
    (void)state;
    const double three[] = {1, 2, 3}, one[] = {1};
    double bounds[2];
    BootstrapRules by = rules;
    interval(three, 3, one, 1, &by, bounds);
    assert_near(bounds[0], 1, 0);
    assert_near(bounds[1], 3, 0);
    by.confidence = 1 - 2 * 0.25;
    interval(three, 3, one, 1, &by, bounds);
    assert_near(bounds[0], 1, 0);
    assert_near(bounds[1], 3, 0);
    by.confidence = 1 - 2 * 0.27;
    interval(three, 3, one, 1, &by, bounds);
    assert_near(bounds[0], 2, 0);
    assert_near(bounds[1], 2, 0);
}

/* Of an even count the median is the mean of the two in the middle: of {1, 5} it is 1, 3 or 5. */
static void medians_of_an_even_count(void **state)
{
    (void)state;
    const double two[] = {1, 5}, one[] = {1};
    double bounds[2];
    BootstrapRules by = rules;
    by.confidence = 1 - 2 * 0.26;
    interval(two, 2, one, 1, &by, bounds);
    assert_near(bounds[0], 3, 0);
    assert_near(bounds[1], 3, 0);
    by.confidence = 1 - 2 * 0.24;
    interval(two, 2, one, 1, &by, bounds);
    assert_near(bounds[0], 1, 0);
    assert_near(bounds[1], 5, 0);
}

static void no_spread_no_width(void **state)
{
    (void)state;
    const double above[] = {3, 3, 3}, below[] = {2, 2, 2, 2};
    double bounds[2];
    interval(above, 3, below, 4, &rules, bounds);
    assert_near(bounds[0], 1.5, 0);
    assert_near(bounds[1], 1.5, 0);
    interval(above, 0, below, 4, &rules, bounds);
    assert_true(isnan(bounds[0]) && isnan(bounds[1]));
    interval(above, 3, below, 0, &rules, bounds);
    assert_true(isnan(bounds[0]) && isnan(bounds[1]));
}

/* Of 500 intervals, about 95 in 100 hold the true ratio. The percentile bootstrap of a median errs on the
 * safe side for so few numbers. */
static void intervals_hold_the_ratio(void **state)
{
    (void)state;
    enum { TRIALS = 500, COUNT = 30 };
    uint64_t random = 3;
    BootstrapRules by = rules;
    by.resamples = 1000;
    int held = 0;
    for (int i = 0; i < TRIALS; i++) {
        double above[COUNT], below[COUNT], bounds[2];
        for (int j = 0; j < COUNT; j++) {
            above[j] = 1.1 * (1 + 0.03 * normal_number(&random));
            below[j] = 1 + 0.03 * normal_number(&random);
        }
        statistics_sort(above, COUNT);
        statistics_sort(below, COUNT);
        interval(above, COUNT, below, COUNT, &by, bounds);
        held += bounds[0] <= 1.1 && 1.1 <= bounds[1];
    }
    assert_within(held, TRIALS * 92 / 100, TRIALS * 99 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_interval),
        cmocka_unit_test(bounds_are_quantiles_of_the_resamples),
        cmocka_unit_test(medians_of_an_even_count),
        cmocka_unit_test(no_spread_no_width),
        cmocka_unit_test(intervals_hold_the_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
