/* Change points, their kernel and their t test against the figures that other tools publish for theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include <stdlib.h>

#include "cli/statistics/change_points.h"
#include "cli/statistics/student.h"
#include "tests/support/numbers.h"
#include "tests/support/within.h"

static const double tolerance = 1e-9;

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Expects these change points, all confirmed; `points` is to be freed. */
static ChangePoint *expect(const double *numbers, size_t count, const size_t *indexes, size_t index_count)
{
    Failure failure;
    ChangePoint *points;
    size_t found;
    assert_int_equal(change_points_find(numbers, count, &change_rules_default, &points, &found, &failure), 0);
    assert_int_equal(found, index_count);
    for (size_t i = 0; i < found; i++) {
        assert_int_equal(points[i].index, indexes[i]);
        assert_true(points[i].confirmed);
    }
    return points;
}

static void one_change_among_twenty(void **state)
{
    (void)state;
    const double numbers[] = {1.02, .95, .99, 1.00, 1.12, 1.00, 1.01, .98, 1.01, .96,
                              .50,  .51, .48, .48,  .55,  .50,  .49,  .51, .50,  .49};
    free(expect(numbers, COUNT(numbers), (const size_t[]){10}, 1));
}

static void levels_and_p_of_a_change(void **state)
{
    (void)state;
    const double numbers[] = {1.02, .95, .99, 1.00, 1.12, .90, .50, .51, .48, .48, .55};
    ChangePoint *points = expect(numbers, COUNT(numbers), (const size_t[]){6}, 1);
    assert_near(points[0].before, .996666666666667, tolerance);
    assert_near(points[0].after, .504, tolerance);
    assert_near(points[0].p / 2.126784e-07, 1, 5e-7);
    free(points);
    const double others[] = {2.02, 2.03, 2.01, 2.04, 1.82, 1.85, 1.79, 1.81, 1.80, 1.76, 1.78};
    points = expect(others, COUNT(others), (const size_t[]){4}, 1);
    assert_near(points[0].p / 1.688827e-07, 1, 5e-7);
    free(points);
}

static void a_level_of_zeros(void **state)
{
    (void)state;
    const double numbers[] = {0, 0, 0, 1.00, 1.12, .90, .50, .51, .48, .48, .55};
    free(expect(numbers, COUNT(numbers), (const size_t[]){3, 6}, 2));
}

static void the_kernel(void **state)
{
    (void)state;
    const double numbers[] = {0.3,  2.4,   1.5,   -0.9,  -0.5,  99.7,  98.3,
                              99.1, 149.0, 149.7, 149.5, 149.1, 148.8, 150.0};
    double prefix[2 * COUNT(numbers)], q;
    assert_int_equal(change_points_split(numbers, COUNT(numbers), prefix, &q), 5);
    assert_near(q, 761.2821428571428, tolerance);
    assert_int_equal(5 + change_points_split(numbers + 5, COUNT(numbers) - 5, prefix, &q), 8);
    assert_near(q, 198.2666666667, tolerance);
    assert_int_equal(change_points_split(numbers, 3, prefix, &q), 0);
    assert_near(q, 0, 0);
    free(expect(numbers, COUNT(numbers), (const size_t[]){5, 8}, 2));
}

/* Student's distribution with 1 degree of freedom is Cauchy's, with 2 it has a closed form. */
static void the_t_distribution(void **state)
{
    (void)state;
    for (double t = 0.25; t < 200; t *= 2) {
        assert_near(student_p(t, 1), 2 * atan(1 / t) / M_PI, tolerance);
        assert_near(student_p(-t, 2), 1 - t / sqrt(t * t + 2), tolerance);
    }
    assert_near(student_p(0, 7), 1, 0);
    assert_near(student_p(1e-9, 7), 1, 1e-8);
    assert_near(student_p(INFINITY, 7), 0, 0);
    /* Of a table of its quantiles: 0.975 at 10 and 0.9995 at 30. */
    assert_near(student_p(2.2281388519649385, 10), 0.05, tolerance);
    assert_near(student_p(3.6459586350420214, 30), 0.001, tolerance);
}

static void groups_that_do_not_vary(void **state)
{
    (void)state;
    const double ones[] = {1, 1, 1}, twos[] = {2, 2, 2};
    assert_near(student_test(ones, 3, twos, 3), 0, 0);
    assert_near(student_test(ones, 3, ones, 3), 1, 0);
    assert_near(student_test(ones, 1, twos, 1), 1, 0);
    assert_near(student_test(ones, 3, twos, 0), 1, 0);
}

static void too_short_a_series(void **state)
{
    (void)state;
    const double numbers[] = {1, 1, 1, 2, 2, 2, 2};
    free(expect(numbers, 7, (const size_t[]){3}, 1));
    free(expect(numbers, 6, NULL, 0));
    free(expect(NULL, 0, NULL, 0));
}

static void small_changes_are_none(void **state)
{
    (void)state;
    double numbers[40];
    for (int percent = 4; percent <= 6; percent += 2) {
        for (size_t i = 0; i < COUNT(numbers); i++)
            numbers[i] = 1 + (i % 2 ? .001 : -.001) + (i >= 20 ? percent / 100.0 : 0);
        free(expect(numbers, COUNT(numbers), (const size_t[]){20}, percent == 6 ? 1 : 0));
        for (size_t i = 0; i < COUNT(numbers); i++)
            numbers[i] = 1 / numbers[i];
        free(expect(numbers, COUNT(numbers), (const size_t[]){20}, percent == 6 ? 1 : 0));
    }
}

static void the_newest_alone_is_unconfirmed(void **state)
{
    (void)state;
    double numbers[60];
    Failure failure;
    for (size_t count = 7; count <= 60; count++) {
        for (size_t i = 0; i < count; i++)
            numbers[i] = 1 + .01 * (double)(i * 7 % 5) / 4;
        numbers[count - 1] = 1.5;
        ChangePoint *points;
        size_t found;
        assert_int_equal(change_points_find(numbers, count, &change_rules_default, &points, &found, &failure),
                         0);
        assert_int_equal(found, 1);
        assert_int_equal(points[0].index, count - 1);
        assert_false(points[0].confirmed);
        assert_near(points[0].after, 1.5, 0);
        free(points);
    }
    /* One more of its kind confirms it; one of the old level takes it for what it was, a bad one. */
    for (size_t count = 9; count < 60; count++) {
        for (size_t i = 0; i < count; i++)
            numbers[i] = 1 + .01 * (double)(i * 7 % 5) / 4;
        numbers[count - 1] = numbers[count - 2] = 1.5;
        free(expect(numbers, count, (const size_t[]){count - 2}, 1));
        numbers[count - 1] = 1.001;
        free(expect(numbers, count, NULL, 0));
    }
}

/* A bad number leaves the change before it where it is, wherever it stands. */
static void bad_numbers_make_no_level(void **state)
{
    (void)state;
    enum { LENGTH = 80, CHANGE = 35 };
    for (size_t bad = 8; bad + 2 < LENGTH; bad++) {
        if (bad + 4 > CHANGE && bad < CHANGE + 4)
            continue;
        double numbers[LENGTH];
        for (size_t i = 0; i < LENGTH; i++)
            numbers[i] = (i < CHANGE ? 1 : 2) + .01 * (double)(i * 7 % 5) / 4;
        numbers[bad] *= 1.3;
        free(expect(numbers, LENGTH, (const size_t[]){CHANGE}, 1));
    }
}

/* Changes at every position in relation to the windows of a long series. (Levels that alternate faster than
 * twice in a window hide each other: that is a limit of the method.) */
static void a_long_series(void **state)
{
    (void)state;
    enum { LENGTH = 998 };
    static double numbers[LENGTH];
    for (size_t period = 26; period < 120; period += 11) {
        uint64_t random = period;
        size_t indexes[LENGTH], count = 0;
        for (size_t i = 0; i < LENGTH; i++) {
            numbers[i] = (i / period % 2 ? 1.2 : 1) * (1 + .01 * normal_number(&random));
            if (i > 0 && i % period == 0 && i + 2 <= LENGTH)
                indexes[count++] = i;
        }
        free(expect(numbers, LENGTH, indexes, count));
    }
}

/* A hundred histories of 200 runs in which nothing changes, with 3 % of noise. */
static void noise_has_no_change_points(void **state)
{
    (void)state;
    enum { SERIES = 100, LENGTH = 200 };
    uint64_t random = 5;
    size_t total = 0;
    for (int series = 0; series < SERIES; series++) {
        double numbers[LENGTH];
        Failure failure;
        ChangePoint *points;
        size_t found;
        for (size_t i = 0; i < LENGTH; i++)
            numbers[i] = 1 + .03 * normal_number(&random);
        assert_int_equal(
            change_points_find(numbers, LENGTH, &change_rules_default, &points, &found, &failure), 0);
        total += found;
        free(points);
    }
    assert_within(total, 0, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_change_among_twenty),
        cmocka_unit_test(levels_and_p_of_a_change),
        cmocka_unit_test(a_level_of_zeros),
        cmocka_unit_test(the_kernel),
        cmocka_unit_test(the_t_distribution),
        cmocka_unit_test(groups_that_do_not_vary),
        cmocka_unit_test(too_short_a_series),
        cmocka_unit_test(small_changes_are_none),
        cmocka_unit_test(the_newest_alone_is_unconfirmed),
        cmocka_unit_test(bad_numbers_make_no_level),
        cmocka_unit_test(a_long_series),
        cmocka_unit_test(noise_has_no_change_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
