/* Robust statistics of timings. Pure functions, safe on any thread. */
#ifndef PRICEREPORT_STATISTICS_H
#define PRICEREPORT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* Of `count` numbers, in their unit. With no numbers every figure is NAN; with one, `deviation` is. */
typedef struct Summary {
    size_t count;
    double median;
    /* Bounds of the 95 % order-statistic interval of the median; -INFINITY and INFINITY below 6 numbers. */
    double low, high;
    double mean;
    /* Standard deviation, n - 1. */
    double deviation;
    /* Median absolute deviation from the median, not scaled. */
    double mad;
    double minimum, maximum;
    /* Percentiles, as statistics_quantile has them. */
    double p5, p25, p75, p95;
    size_t outliers;
} Summary;

/* Sorts the numbers upwards, in place. None may be NAN. */
void statistics_sort(double *numbers, size_t count);

/* The quantile at `fraction` (0 to 1) of sorted numbers, interpolated linearly (R type 7); NAN for none. */
double statistics_quantile(const double *sorted, size_t count, double fraction);

/* The ranks, from 1, of the sorted numbers between which the median of what they were drawn from lies with at
 * least `confidence`. The narrowest such symmetric pair. False, and nothing set, where even the least and the
 * greatest number do not reach it. */
bool statistics_median_ranks(size_t count, double confidence, size_t *low, size_t *high);

/* Sorts `numbers` in place and fills `summary`. `scratch` has room for `count` numbers and is overwritten. */
void statistics_summarize(double *numbers, double *scratch, size_t count, Summary *summary);

#endif
