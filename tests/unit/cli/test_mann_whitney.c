/* The Mann-Whitney test and Holm's correction against published figures and against counting by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "cli/statistics/holm.h"
#include "cli/statistics/mann_whitney.h"
#include "tests/support/numbers.h"
#include "cli/statistics/random.h"

static const double tolerance = 1e-9;

static MannWhitney test_groups(const double *left, size_t left_count, const double *right, size_t right_count)
{
    Failure failure;
    MannWhitney result;
    assert_int_equal(mann_whitney(left, left_count, right, right_count, &result, &failure), 0);
    return result;
}

static void the_example_of_anchors(void **state)
{
    (void)state;
    MannWhitney result = test_groups((const double[]){1, 2, 3, 4}, 4, (const double[]){.9, 1.1, .7}, 3);
    assert_true(result.exact);
    assert_near(result.u, 11, tolerance);
    assert_near(result.p, .1142857142857143, tolerance);
    result = test_groups((const double[]){.9, 1.1, .7}, 3, (const double[]){1, 2, 3, 4}, 4);
    assert_near(result.u, 1, tolerance);
    assert_near(result.p, .1142857142857143, tolerance);
}

static void the_least_p_by_size(void **state)
{
    (void)state;
    static const double known[] = {.1, .028571428571428571, .0079365079365079365, .0021645021645021645};
    for (size_t count = 3; count <= 6; count++) {
        double low[6] = {1, 2, 3, 4, 5, 6}, high[6] = {11, 12, 13, 14, 15, 16};
        assert_near(test_groups(low, count, high, count).p, known[count - 3], tolerance);
        assert_near(test_groups(high, count, low, count).p, known[count - 3], tolerance);
        assert_near(mann_whitney_least_p(count, count), known[count - 3], tolerance);
    }
    assert_near(mann_whitney_least_p(4, 3), 2.0 / 35, tolerance);
    assert_near(mann_whitney_least_p(1, 1), 1, tolerance);
    assert_near(mann_whitney_least_p(0, 5), 1, tolerance);
    assert_near(mann_whitney_least_p(2000, 2000), 0, tolerance);
}

static void nothing_to_test(void **state)
{
    (void)state;
    const double one[] = {1};
    assert_true(isnan(test_groups(one, 1, NULL, 0).p));
    assert_true(isnan(test_groups(NULL, 0, one, 1).p));
    assert_near(test_groups(one, 1, one, 1).p, 1, tolerance);
    const double same[] = {5, 5, 5, 5, 5, 5};
    MannWhitney result = test_groups(same, 6, same, 6);
    assert_near(result.p, 1, tolerance);
    assert_near(result.u, 18, tolerance);
}

/* U by its definition. */
static double count_pairs(const double *left, size_t left_count, const double *right, size_t right_count)
{
    double u = 0;
    for (size_t i = 0; i < left_count; i++)
        for (size_t j = 0; j < right_count; j++)
            u += left[i] > right[j] ? 1 : left[i] < right[j] ? 0 : 0.5;
    return u;
}

/* p by its definition: deals the numbers out in every way. */
static double deal_all(const double *left, size_t left_count, const double *right, size_t right_count)
{
    double all[16], observed = count_pairs(left, left_count, right, right_count);
    size_t count = left_count + right_count;
    memcpy(all, left, left_count * sizeof *left);
    memcpy(all + left_count, right, right_count * sizeof *right);
    double deals = 0, low = 0, high = 0;
    for (unsigned deal = 0; deal < 1U << count; deal++) {
        double chosen[16], rest[16];
        size_t n = 0, m = 0;
        for (size_t i = 0; i < count; i++)
            if (deal >> i & 1)
                chosen[n++] = all[i];
            else
                rest[m++] = all[i];
        if (n != left_count)
            continue;
        double u = count_pairs(chosen, n, rest, m);
        deals++;
        low += u <= observed;
        high += u >= observed;
    }
    return fmin(1, 2 * fmin(low, high) / deals);
}

/* With few different numbers there are ties of every kind, and the distribution is not symmetric. */
static void every_deal_is_counted(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 300; i++) {
        double left[6], right[6];
        size_t n = 1 + random_next(&random) % 6, m = 1 + random_next(&random) % 6;
        size_t kinds = 1 + random_next(&random) % 20;
        for (size_t j = 0; j < 6; j++) {
            left[j] = (double)(random_next(&random) % kinds) / 7;
            right[j] = (double)(random_next(&random) % kinds) / 7;
        }
        MannWhitney result = test_groups(left, n, right, m);
        assert_true(result.exact);
        assert_near(result.u, count_pairs(left, n, right, m), tolerance);
        assert_near(result.p, deal_all(left, n, right, m), tolerance);
    }
}

/* At the size where counting ends, both agree. */
static void the_approximation_meets_the_counts(void **state)
{
    (void)state;
    uint64_t random = 2;
    for (int ties = 0; ties < 2; ties++) {
        double left[51], right[50];
        for (size_t i = 0; i < 50; i++) {
            left[i] = normal_number(&random) + 0.5;
            right[i] = normal_number(&random);
            if (ties) {
                left[i] = round(left[i] * 4);
                right[i] = round(right[i] * 4);
            }
        }
        left[50] = 0.2;
        MannWhitney counted = test_groups(left, 50, right, 50),
                    approximated = test_groups(left, 51, right, 50);
        assert_true(counted.exact);
        assert_false(approximated.exact);
        assert_true(counted.p > 1e-4 && counted.p < 0.5);
        assert_near(approximated.p / counted.p, 1, 0.1);
    }
}

/* z = (U - nm/2 - 0.5) / sqrt(nm (n + m + 1) / 12), with n = m = 60. */
static void the_approximation_by_its_formula(void **state)
{
    (void)state;
    double left[60], right[60];
    for (size_t i = 0; i < 60; i++) {
        left[i] = (double)i + 10.5;
        right[i] = (double)i;
    }
    MannWhitney result = test_groups(left, 60, right, 60);
    assert_false(result.exact);
    double u = 0;
    for (size_t i = 0; i < 60; i++)
        u += fmin(60, (double)i + 11);
    assert_near(result.u, u, tolerance);
    assert_near(result.p, erfc((u - 1800 - 0.5) / sqrt(36300) / sqrt(2)), tolerance);
    double same[200];
    for (size_t i = 0; i < 200; i++)
        same[i] = 3;
    assert_near(test_groups(same, 100, same, 100).p, 1, tolerance);
}

static void holm_by_hand(void **state)
{
    (void)state;
    Failure failure;
    double p[] = {.01, .04, NAN, .03, .005};
    assert_int_equal(holm_adjust(p, 5, &failure), 0);
    assert_near(p[0], .03, tolerance);
    assert_near(p[1], .06, tolerance);
    assert_true(isnan(p[2]));
    assert_near(p[3], .06, tolerance);
    assert_near(p[4], .02, tolerance);
    double large[] = {.9, .8};
    assert_int_equal(holm_adjust(large, 2, &failure), 0);
    assert_near(large[0], 1, tolerance);
    assert_near(large[1], 1, tolerance);
    assert_int_equal(holm_adjust(NULL, 0, &failure), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_anchors),
        cmocka_unit_test(the_least_p_by_size),
        cmocka_unit_test(nothing_to_test),
        cmocka_unit_test(every_deal_is_counted),
        cmocka_unit_test(the_approximation_meets_the_counts),
        cmocka_unit_test(the_approximation_by_its_formula),
        cmocka_unit_test(holm_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
