#include <math.h>
#include <stdlib.h>

#include "cli/statistics/statistics.h"

static const double outlier_distance = 14.826;
static const double headline_confidence = 0.95;

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

void statistics_sort(double *numbers, size_t count)
{
    if (count > 1)
        qsort(numbers, count, sizeof *numbers, compare);
}

double statistics_quantile(const double *sorted, size_t count, double fraction)
{
    if (count == 0)
        return NAN;
    double position = (double)(count - 1) * fraction;
    size_t below = (size_t)position;
    if (below + 1 >= count)
        return sorted[count - 1];
    double part = position - (double)below;
    return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

/* Each number falls below the median with probability 1/2, so the rank of the median is binomial: the pair
 * (k, n + 1 - k) covers it with 1 - 2 P(fewer than k of n below). Logarithms keep 2^-n in range. */
bool statistics_median_ranks(size_t count, double confidence, size_t *low, size_t *high)
{
    double n = (double)count;
    double outside = 0;
    size_t rank = 0;
    int sign;
    while (rank < (count + 1) / 2) {
        double k = (double)rank;
        outside +=
            2 * exp(lgamma_r(n + 1, &sign) - lgamma_r(k + 1, &sign) - lgamma_r(n - k + 1, &sign) - n * M_LN2);
        if (1 - outside < confidence)
            break;
        rank++;
    }
    if (rank == 0)
        return false;
    *low = rank;
    *high = count + 1 - rank;
    return true;
}

/* How many of the sorted numbers are farther from the median than 14.826 median absolute deviations, ten
 * times the standard deviation that a normal distribution of that MAD has. With a MAD of 0, all that differ.
 */
static size_t count_outliers(const double *sorted, size_t count, double median, double mad)
{
    size_t outliers = 0;
    for (size_t i = 0; i < count; i++)
        outliers += fabs(sorted[i] - median) > outlier_distance * mad;
    return outliers;
}

/* Welford's recurrence: one pass, no cancellation. */
static void summarize_moments(const double *numbers, size_t count, Summary *summary)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        double step = numbers[i] - mean;
        mean += step / (double)(i + 1);
        squares += step * (numbers[i] - mean);
    }
    summary->mean = count > 0 ? mean : NAN;
    summary->deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : NAN;
}

void statistics_summarize(double *numbers, double *scratch, size_t count, Summary *summary)
{
    statistics_sort(numbers, count);
    summary->count = count;
    summary->median = statistics_quantile(numbers, count, 0.5);
    summary->minimum = statistics_quantile(numbers, count, 0);
    summary->p5 = statistics_quantile(numbers, count, 0.05);
    summary->p25 = statistics_quantile(numbers, count, 0.25);
    summary->p75 = statistics_quantile(numbers, count, 0.75);
    summary->p95 = statistics_quantile(numbers, count, 0.95);
    summary->maximum = statistics_quantile(numbers, count, 1);
    summarize_moments(numbers, count, summary);

    summary->low = count > 0 ? -INFINITY : NAN;
    summary->high = count > 0 ? INFINITY : NAN;
    size_t low, high;
    if (statistics_median_ranks(count, headline_confidence, &low, &high)) {
        summary->low = numbers[low - 1];
        summary->high = numbers[high - 1];
    }

    for (size_t i = 0; i < count; i++)
        scratch[i] = fabs(numbers[i] - summary->median);
    statistics_sort(scratch, count);
    summary->mad = statistics_quantile(scratch, count, 0.5);
    summary->outliers = count_outliers(numbers, count, summary->median, summary->mad);
}
