/* The statistics against published figures: those of R, of pyperf's and other tools' documentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "cli/statistics/statistics.h"

static const double tolerance = 1e-9;

static void assert_near(double found, double expected, double within)
{
    if (!(fabs(found - expected) <= within))
        fail_msg("%.17g, expected %.17g within %g", found, expected, within);
}

static void quantiles_are_those_of_r(void **state)
{
    (void)state;
    double numbers[] = {-2.47946614, -1.49595963, -1.02812482, -.76592323, -.09452743, .10732743,
                        .27798342,   .50173779,   .57829823,   .60474948,  .94695675,  1.20159789};
    const size_t count = sizeof numbers / sizeof *numbers;
    assert_near(statistics_quantile(numbers, count, 0.2), -.9756845, 1e-7);
    assert_near(statistics_quantile(numbers, count, 0.5), .1926554, 1e-7);
    assert_near(statistics_quantile(numbers, count, 0.8), .5994592, 1e-7);
    /* To 1e-9 from the definition: position 11 * 0.2 = 2.2 and so on. */
    assert_near(statistics_quantile(numbers, count, 0.2), -1.02812482 + 0.2 * (-.76592323 + 1.02812482),
                tolerance);
    assert_near(statistics_quantile(numbers, count, 0.5), (.10732743 + .27798342) / 2, tolerance);
    assert_near(statistics_quantile(numbers, count, 0.8), .57829823 + 0.8 * (.60474948 - .57829823),
                tolerance);
    assert_near(statistics_quantile(numbers, count, 0), numbers[0], 0);
    assert_near(statistics_quantile(numbers, count, 1), numbers[count - 1], 0);
    assert_near(statistics_quantile(numbers, 1, 0.7), numbers[0], 0);
    assert_true(isnan(statistics_quantile(numbers, 0, 0.5)));
}

static void ranks_of_the_median(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        double confidence;
        size_t low, high;
    } known[] = {
        {6, .95, 1, 6},    {7, .95, 1, 7}, {8, .95, 1, 8},   {10, .95, 2, 9},  {20, .95, 6, 15},
        {50, .95, 18, 33}, {8, .99, 1, 8}, {12, .99, 2, 11}, {30, .99, 8, 23},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t low = 0, high = 0;
        assert_true(statistics_median_ranks(known[i].count, known[i].confidence, &low, &high));
        assert_int_equal(low, known[i].low);
        assert_int_equal(high, known[i].high);
    }
    size_t low = 77, high = 77;
    for (size_t count = 0; count < 6; count++)
        assert_false(statistics_median_ranks(count, .95, &low, &high));
    assert_false(statistics_median_ranks(7, .99, &low, &high));
    assert_int_equal(low, 77);
    assert_int_equal(high, 77);
}

/* The normal approximation is close for many, where 2^-n has long left the range of a double. */
static void ranks_for_many_samples(void **state)
{
    (void)state;
    size_t low, high;
    assert_true(statistics_median_ranks(100000, .95, &low, &high));
    assert_int_equal(low + high, 100001);
    assert_true(fabs((double)low - (50000 - 1.959964 * sqrt(100000) / 2)) < 2);
}

static size_t outliers_of(const double *given, size_t count)
{
    double numbers[16], scratch[16];
    Summary summary;
    memcpy(numbers, given, count * sizeof *given);
    statistics_summarize(numbers, scratch, count, &summary);
    return summary.outliers;
}

static void outliers_are_counted(void **state)
{
    (void)state;
    assert_int_equal(outliers_of((const double[]){-.2, 0, .2, 4}, 4), 1);
    assert_int_equal(outliers_of((const double[]){.5, .30, .29, .31, .30}, 5), 1);
    assert_int_equal(outliers_of((const double[]){10, 10, 10, 10, 10, 10, 10, 100}, 8), 1);
    assert_int_equal(outliers_of((const double[]){1000, 0}, 2), 0);
    assert_int_equal(outliers_of((const double[]){3, 3, 3}, 3), 0);
    assert_int_equal(outliers_of((const double[]){3}, 1), 0);
}

static void a_summary(void **state)
{
    (void)state;
    double numbers[] = {9, 2, 4, 4, 5, 4, 7, 5}, scratch[8];
    Summary summary;
    statistics_summarize(numbers, scratch, 8, &summary);
    assert_int_equal(summary.count, 8);
    assert_near(summary.median, 4.5, tolerance);
    assert_near(summary.mean, 5, tolerance);
    assert_near(summary.deviation, sqrt(32.0 / 7), tolerance);
    assert_near(summary.mad, 0.5, tolerance);
    assert_near(summary.minimum, 2, 0);
    assert_near(summary.maximum, 9, 0);
    assert_near(summary.low, 2, 0);
    assert_near(summary.high, 9, 0);
    assert_near(summary.p5, 2.7, tolerance);
    assert_near(summary.p25, 4, tolerance);
    assert_near(summary.p75, 5.5, tolerance);
    assert_near(summary.p95, 8.3, tolerance);
    assert_int_equal(summary.outliers, 0);
}

static void means_and_deviations_of_anchors(void **state)
{
    (void)state;
    double before[] = {1.02, .95, .99, 1.00, 1.12, .90}, after[] = {.50, .51, .48, .48, .55}, scratch[6];
    Summary summary;
    statistics_summarize(before, scratch, 6, &summary);
    assert_near(summary.mean, .996666666666667, tolerance);
    assert_near(summary.low, .90, 0);
    assert_near(summary.high, 1.12, 0);
    statistics_summarize(after, scratch, 5, &summary);
    assert_near(summary.mean, .504, tolerance);
    assert_true(isinf(summary.low) && summary.low < 0);
    assert_true(isinf(summary.high) && summary.high > 0);
}

/* A large common part must not swamp small differences. */
static void deviations_do_not_cancel(void **state)
{
    (void)state;
    double numbers[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}, scratch[4];
    Summary summary;
    statistics_summarize(numbers, scratch, 4, &summary);
    assert_near(summary.deviation, sqrt(30), tolerance);
}

static void summaries_of_nothing_and_of_one(void **state)
{
    (void)state;
    Summary summary;
    statistics_summarize(NULL, NULL, 0, &summary);
    assert_int_equal(summary.count, 0);
    assert_true(isnan(summary.median) && isnan(summary.mean) && isnan(summary.low) && isnan(summary.high) &&
                isnan(summary.deviation) && isnan(summary.mad) && isnan(summary.p95));
    double one[] = {3}, scratch[1];
    statistics_summarize(one, scratch, 1, &summary);
    assert_near(summary.median, 3, 0);
    assert_near(summary.mad, 0, 0);
    assert_true(isnan(summary.deviation) && isinf(summary.low) && isinf(summary.high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_r),
        cmocka_unit_test(ranks_of_the_median),
        cmocka_unit_test(ranks_for_many_samples),
        cmocka_unit_test(outliers_are_counted),
        cmocka_unit_test(a_summary),
        cmocka_unit_test(means_and_deviations_of_anchors),
        cmocka_unit_test(deviations_do_not_cancel),
        cmocka_unit_test(summaries_of_nothing_and_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
