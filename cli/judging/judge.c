#include <math.h>
#include <stdlib.h>

#include "cli/statistics/holm.h"
#include "cli/judging/judge.h"
#include "cli/statistics/mann_whitney.h"
#include "cli/statistics/statistics.h"

/* Fewer have no 95 % interval of the median, and resampling them says too little. */
enum { LEAST_SAMPLES = 6 };

const JudgeRules judge_rules_default = {.significance = 0.01,
                                        .bootstrap = {.resamples = 10000, .confidence = 0.95, .seed = 1}};

const char *verdict_name(Verdict verdict)
{
    static const char *const names[] = {"regression", "improved", "same", "inconclusive"};
    return names[verdict];
}

static int measure_pair(const JudgeRules *rules, const JudgePair *pair, Judgement *judgement,
                        Failure *failure)
{
    MannWhitney test;
    statistics_sort(pair->base, pair->base_count);
    statistics_sort(pair->now, pair->now_count);
    judgement->base_median = statistics_quantile(pair->base, pair->base_count, 0.5);
    judgement->median = statistics_quantile(pair->now, pair->now_count, 0.5);
    judgement->ratio = judgement->median / judgement->base_median;
    if (mann_whitney(pair->now, pair->now_count, pair->base, pair->base_count, &test, failure))
        return -1;
    judgement->p = test.p;
    return bootstrap_median_ratio(pair->now, pair->now_count, pair->base, pair->base_count, &rules->bootstrap,
                                  &judgement->low, &judgement->high, failure);
}

/* How many times on both sides can show a difference among so many tests. */
static size_t least_count(double significance, size_t tests)
{
    size_t count = LEAST_SAMPLES;
    while (mann_whitney_least_p(count, count) * (double)tests >= significance)
        count++;
    return count;
}

static Verdict verdict_of(const JudgeRules *rules, const JudgePair *pair, const Judgement *judgement)
{
    if (judgement->adjusted_p < rules->significance && judgement->ratio >= pair->threshold &&
        judgement->low > 1)
        return pair->more_is_better ? VERDICT_IMPROVED : VERDICT_REGRESSION;
    if (judgement->adjusted_p < rules->significance && judgement->ratio <= 1 / pair->threshold &&
        judgement->high < 1)
        return pair->more_is_better ? VERDICT_REGRESSION : VERDICT_IMPROVED;
    if (pair->base_count >= LEAST_SAMPLES && pair->now_count >= LEAST_SAMPLES &&
        judgement->low > 1 / pair->threshold && judgement->high < pair->threshold)
        return VERDICT_SAME;
    return VERDICT_INCONCLUSIVE;
}

static int adjust(Judgement *judgements, size_t count, size_t *tests, Failure *failure)
{
    double *p = malloc((count + 1) * sizeof *p);
    if (!p)
        return failure_set(failure, "out of memory for %zu comparisons", count);
    for (size_t i = 0; i < count; i++) {
        p[i] = judgements[i].p;
        *tests += !isnan(p[i]);
    }
    int result = holm_adjust(p, count, failure);
    for (size_t i = 0; i < count; i++)
        judgements[i].adjusted_p = p[i];
    free(p);
    return result;
}

int judge(const JudgeRules *rules, const JudgePair *pairs, size_t count, Judgement *judgements,
          Failure *failure)
{
    size_t tests = 0;
    for (size_t i = 0; i < count; i++)
        if (measure_pair(rules, &pairs[i], &judgements[i], failure))
            return -1;
    if (adjust(judgements, count, &tests, failure))
        return -1;
    for (size_t i = 0; i < count; i++) {
        const JudgePair *pair = &pairs[i];
        double least =
            mann_whitney_least_p(pair->base_count, pair->now_count) * (double)(tests > 0 ? tests : 1);
        judgements[i].verdict = verdict_of(rules, pair, &judgements[i]);
        judgements[i].needed = 0;
        if (judgements[i].verdict == VERDICT_INCONCLUSIVE && least >= rules->significance)
            judgements[i].needed = least_count(rules->significance, tests > 0 ? tests : 1);
    }
    return 0;
}
