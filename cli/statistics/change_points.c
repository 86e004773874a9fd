#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/statistics/change_points.h"
#include "cli/statistics/statistics.h"
#include "cli/statistics/student.h"

enum { LEAST_LEVEL = 2 };

/* The first pass accepts points that are this much less certain: the second one has longer levels to test. */
static const double first_pass_slack = 10;

const ChangeRules change_rules_default = {.window = 50, .p = 0.001, .change = 0.05};

typedef struct Search {
    const double *numbers;
    size_t count;
    const ChangeRules *rules;
    /* Working space of change_points_split, for one window. */
    double *prefix;
    /* Room for all numbers. */
    double *scratch;
    /* Size of the change at each tested point, by index: the smaller one of means and of medians. */
    double *changes;
    ChangePoint *points;
    size_t point_count;
} Search;

/* within[i] becomes the sum of |x_a - x_b| over all pairs among the numbers before i; after[i] that among
 * those from i on. */
static void sum_distances(const double *numbers, size_t count, double *within, double *after)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        within[i] = sum;
        for (size_t j = 0; j < i; j++)
            sum += fabs(numbers[i] - numbers[j]);
    }
    sum = 0;
    for (size_t i = count; i-- > 0;) {
        for (size_t j = i + 1; j < count; j++)
            sum += fabs(numbers[i] - numbers[j]);
        after[i] = sum;
    }
}

size_t change_points_split(const double *numbers, size_t count, double *prefix, double *q)
{
    double *within = prefix, *after = prefix + count;
    size_t best = 0;
    *q = 0;
    if (count < 2 * (size_t)LEAST_LEVEL)
        return 0;
    sum_distances(numbers, count, within, after);
    for (size_t i = LEAST_LEVEL; i <= count - LEAST_LEVEL; i++) {
        double n = (double)i, m = (double)(count - i);
        /* All pairs but those within either part are across. */
        double across = after[0] - within[i] - after[i];
        double value = n * m / (n + m) *
                       (2 * across / (n * m) - 2 * within[i] / (n * (n - 1)) - 2 * after[i] / (m * (m - 1)));
        if (best == 0 || value > *q) {
            best = i;
            *q = value;
        }
    }
    return best;
}

/* Splits [first, end) as long as the halves of a part differ; adds the points in upwards order. At most
 * (end - first) / 2 points come of it, which also bounds the depth. */
static void split(Search *search, size_t first, size_t end)
{
    double q;
    size_t length = change_points_split(search->numbers + first, end - first, search->prefix, &q);
    if (length == 0)
        return;
    size_t index = first + length;
    double p = student_test(search->numbers + first, length, search->numbers + index, end - index);
    if (!(p < search->rules->p * first_pass_slack))
        return;
    split(search, first, index);
    search->points[search->point_count++] = (ChangePoint){.index = index, .confirmed = true};
    split(search, index, end);
}

/* Goes on from the last change found, or by half a window: so no point is found twice. */
static void split_windows(Search *search)
{
    size_t window = search->rules->window, start = 0, end = 0;
    while (end < search->count) {
        end = search->count - start > window ? start + window : search->count;
        split(search, start, end);
        start += window / 2;
        if (search->point_count > 0 && search->points[search->point_count - 1].index > start)
            start = search->points[search->point_count - 1].index;
    }
}

static double mean_of(const double *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += numbers[i];
    return sum / (double)count;
}

/* The change from one value to another, relative to the smaller one; infinite where only that is 0. */
static double relative_change(double before, double after)
{
    double difference = fabs(before - after);
    return difference > 0 ? difference / fmin(fabs(before), fabs(after)) : 0;
}

/* The median of a level; of an even count that one of the two middle numbers that is nearer to `other`. So
 * one bad number of two makes no level. `scratch` has room for `count` numbers. */
static double cautious_median(const double *numbers, size_t count, double other, double *scratch)
{
    memcpy(scratch, numbers, count * sizeof *numbers);
    statistics_sort(scratch, count);
    double lower = scratch[(count - 1) / 2], upper = scratch[count / 2];
    return fabs(lower - other) < fabs(upper - other) ? lower : upper;
}

/* Tests the level from `start` to the point's index against that from there to `end`. */
static void test_point(const Search *search, ChangePoint *point, size_t start, size_t end)
{
    const double *before = search->numbers + start, *after = search->numbers + point->index;
    size_t count_before = point->index - start, count_after = end - point->index;
    point->before = mean_of(before, count_before);
    point->after = mean_of(after, count_after);
    point->p = student_test(before, count_before, after, count_after);
    double change = relative_change(point->before, point->after);
    double of_medians = relative_change(cautious_median(before, count_before, point->after, search->scratch),
                                        cautious_median(after, count_after, point->before, search->scratch));
    search->changes[point->index] = fmin(change, of_medians);
}

static void test_points(Search *search)
{
    for (size_t i = 0; i < search->point_count; i++) {
        size_t start = i > 0 ? search->points[i - 1].index : 0;
        size_t end = i + 1 < search->point_count ? search->points[i + 1].index : search->count;
        test_point(search, &search->points[i], start, end);
    }
}

/* The point to take out: the least certain one, or where all are certain the smallest; point_count where all
 * may stay. */
static size_t weakest(const Search *search)
{
    const ChangePoint *points = search->points;
    const double *changes = search->changes;
    size_t least_certain = 0, smallest = 0;
    for (size_t i = 1; i < search->point_count; i++) {
        if (points[i].p > points[least_certain].p)
            least_certain = i;
        if (changes[points[i].index] < changes[points[smallest].index])
            smallest = i;
    }
    if (search->point_count > 0 && !(points[least_certain].p < search->rules->p))
        return least_certain;
    if (search->point_count > 0 && changes[points[smallest].index] < search->rules->change)
        return smallest;
    return search->point_count;
}

static void merge(Search *search)
{
    for (;;) {
        test_points(search);
        size_t out = weakest(search);
        if (out == search->point_count)
            return;
        search->point_count--;
        memmove(search->points + out, search->points + out + 1,
                (search->point_count - out) * sizeof *search->points);
    }
}

/* Finds the points of the first `count` numbers. */
static void find(Search *search, size_t count)
{
    search->count = count;
    search->point_count = 0;
    split_windows(search);
    merge(search);
}

/* The newest number alone is tested as a level of one, against levels that were found without it: it may be a
 * bad one, and would blur them. It is none alone when all numbers show that the level began just before it.
 */
static void find_all(Search *search)
{
    size_t all = search->count;
    find(search, all - 1);
    ChangePoint newest = {.index = all - 1};
    test_point(search, &newest, search->point_count > 0 ? search->points[search->point_count - 1].index : 0,
               all);
    bool jump = newest.p < search->rules->p && search->changes[newest.index] >= search->rules->change;
    find(search, all);
    if (!jump || (search->point_count > 0 && search->points[search->point_count - 1].index == all - 2))
        return;
    find(search, all - 1);
    search->points[search->point_count++] = newest;
}

int change_points_find(const double *numbers, size_t count, const ChangeRules *rules, ChangePoint **points,
                       size_t *point_count, Failure *failure)
{
    *points = NULL;
    *point_count = 0;
    Search search = {.numbers = numbers,
                     .count = count,
                     .rules = rules,
                     .prefix = calloc(2 * rules->window, sizeof *search.prefix),
                     .scratch = calloc(count + 1, sizeof *search.scratch),
                     .changes = calloc(count + 1, sizeof *search.changes),
                     .points = calloc(count + 1, sizeof *search.points)};
    int result = 0;
    if (!search.prefix || !search.scratch || !search.changes || !search.points) {
        result = failure_set(failure, "out of memory for the change points of %zu runs", count);
        free(search.points);
    } else {
        if (count >= CHANGE_POINTS_LEAST)
            find_all(&search);
        *points = search.points;
        *point_count = search.point_count;
    }
    free(search.prefix);
    free(search.scratch);
    free(search.changes);
    return result;
}
