/* Verdicts on pairs of measurements: is the new one slower? Pure functions, safe on any thread. */
#ifndef PRICEREPORT_JUDGE_H
#define PRICEREPORT_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/statistics/bootstrap.h"
#include "cli/base/failure.h"

typedef enum Verdict {
    /* The times differ (Mann-Whitney, adjusted by Holm for all pairs judged together, below `significance`),
     * the medians by the pair's threshold or more, and the interval of their ratio does not reach 1. */
    VERDICT_REGRESSION,
    VERDICT_IMPROVED,
    /* The whole interval of the ratio is within the threshold, up and down: the medians are known to be
       close. */
    VERDICT_SAME,
    /* None of these is certain: a change as large as the threshold may be there, or not. */
    VERDICT_INCONCLUSIVE
} Verdict;

typedef struct JudgeRules {
    double significance;
    BootstrapRules bootstrap;
} JudgeRules;

/* Significance 0.01; a 95 % interval from 10 000 resamples, always of the same seed. */
extern const JudgeRules judge_rules_default;

/* Two measurements of one benchmark: positive times, or figures of a metric, in any order, which are sorted
 * by judge(). The threshold is the ratio of medians from which on a change counts, above 1. */
typedef struct JudgePair {
    double *base;
    size_t base_count;
    double *now;
    size_t now_count;
    double threshold;
    /* Whether more is better, as of a metric such as rows a second; of times less is. */
    bool more_is_better;
} JudgePair;

typedef struct Judgement {
    double base_median, median;
    /* Ratio of the medians, now to base: above 1 is slower, or more of a metric; NAN where a side has no
     * times. */
    double ratio;
    /* Interval of the ratio. */
    double low, high;
    /* Probability of this pair alone, before the correction for many. */
    double p;
    double adjusted_p;
    Verdict verdict;
    /* Where so few times cannot show any difference: how many both sides need; else 0. */
    size_t needed;
} Judgement;

/* Judges all pairs as one suite. `judgements` has room for `count`. Returns 0, or -1 with the failure set
 * when memory ran out. */
int judge(const JudgeRules *rules, const JudgePair *pairs, size_t count, Judgement *judgements,
          Failure *failure);

/* "regression", "improved", "same", "inconclusive". */
const char *verdict_name(Verdict verdict);

#endif
