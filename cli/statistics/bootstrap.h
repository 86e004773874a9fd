/* Bootstrap interval of a ratio of medians (Efron 1979, percentile method). Pure; any thread. */
#ifndef PRICEREPORT_BOOTSTRAP_H
#define PRICEREPORT_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "cli/base/failure.h"

typedef struct BootstrapRules {
    /* Number of resamples; 10000 give the bounds two to three digits. */
    size_t resamples;
    double confidence;
    /* Seed: the same numbers and seed give the same interval. */
    uint64_t seed;
} BootstrapRules;

/* The interval of median(numerator) / median(denominator): each resample draws as many numbers as there are,
 * with replacement, from both groups; the interval is that between the quantiles (R type 7) of the resampled
 * ratios. Both groups are sorted upwards, positive, and at most UINT32_MAX. Where one is empty, the bounds
 * are NAN. Returns 0, or -1 with the failure set when memory ran out. */
int bootstrap_median_ratio(const double *numerator, size_t numerator_count, const double *denominator,
                           size_t denominator_count, const BootstrapRules *rules, double *low, double *high,
                           Failure *failure);

#endif
