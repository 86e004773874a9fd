#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/statistics/bootstrap.h"
#include "cli/statistics/random.h"
#include "cli/statistics/statistics.h"

/* The median of a resample: since the numbers are sorted, it is enough to count how often each is drawn, and
 * to walk up to the middle. `drawn` has room for `count`. */
static double resampled_median(const double *sorted, size_t count, uint32_t *drawn, uint64_t *random)
{
    memset(drawn, 0, count * sizeof *drawn);
    /* Each random number gives two indices, by its halves. Their bias is below count / 2^32. */
    for (size_t i = 0; i < count; i += 2) {
        uint64_t number = random_next(random);
        drawn[((number >> 32) * count) >> 32]++;
        if (i + 1 < count)
            drawn[((number & UINT32_MAX) * count) >> 32]++;
    }
    size_t lower_rank = (count - 1) / 2, upper_rank = count / 2, seen = 0, i = 0;
    while ((seen += drawn[i]) <= lower_rank)
        i++;
    double lower = sorted[i];
    while (seen <= upper_rank)
        seen += drawn[++i];
    return (lower + sorted[i]) / 2;
}

int bootstrap_median_ratio(const double *numerator, size_t numerator_count, const double *denominator,
                           size_t denominator_count, const BootstrapRules *rules, double *low, double *high,
                           Failure *failure)
{
    *low = *high = NAN;
    if (numerator_count == 0 || denominator_count == 0 || rules->resamples == 0)
        return 0;
    size_t larger = numerator_count > denominator_count ? numerator_count : denominator_count;
    double *ratios = malloc(rules->resamples * sizeof *ratios);
    uint32_t *drawn = malloc(larger * sizeof *drawn);
    uint64_t random = rules->seed;
    for (size_t i = 0; i < rules->resamples && ratios && drawn; i++) {
        double above = resampled_median(numerator, numerator_count, drawn, &random);
        double below = resampled_median(denominator, denominator_count, drawn, &random);
        ratios[i] = above == below ? 1 : above / below; /* two times of 0 are as long as each other */
    }
    int result = 0;
    if (ratios && drawn) {
        statistics_sort(ratios, rules->resamples);
        *low = statistics_quantile(ratios, rules->resamples, (1 - rules->confidence) / 2);
        *high = statistics_quantile(ratios, rules->resamples, (1 + rules->confidence) / 2);
    } else {
        result = failure_set(failure, "out of memory for %zu resamples", rules->resamples);
    }
    free(ratios);
    free(drawn);
    return result;
}
