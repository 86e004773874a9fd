/* Verdicts: each rule by itself, and by simulation how often they are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include <stdlib.h>

#include "cli/judging/judge.h"
#include "tests/support/numbers.h"
#include "tests/support/within.h"

static const double tolerance = 1e-9;

enum { SAMPLES = 30 };

static Judgement judge_one(double *base, size_t base_count, double *now, size_t now_count, double threshold)
{
    Failure failure;
    Judgement judgement;
    const JudgePair pair = {base, base_count, now, now_count, threshold, false};
    assert_int_equal(judge(&judge_rules_default, &pair, 1, &judgement, &failure), 0);
    return judgement;
}

/* `count` times around `level`, evenly spread from -`spread` to +`spread` of it. */
static void fill(double *times, size_t count, double level, double spread)
{
    for (size_t i = 0; i < count; i++)
        times[i] = level * (1 + spread * (2 * (double)i / (double)(count - 1) - 1));
}

static void verdicts_by_size_of_the_change(void **state)
{
    (void)state;
    static const struct {
        double level, spread, threshold;
        Verdict verdict;
    } known[] = {
        {1.00, .01, 1.05, VERDICT_SAME},           {1.03, .005, 1.05, VERDICT_SAME},
        {1.049, .005, 1.05, VERDICT_INCONCLUSIVE}, {1.051, .005, 1.05, VERDICT_REGRESSION},
        {1.10, .03, 1.05, VERDICT_REGRESSION},     {1 / 1.10, .03, 1.05, VERDICT_IMPROVED},
        {.97, .005, 1.05, VERDICT_SAME},           {1.10, .03, 1.2, VERDICT_SAME},
        {1.00, .90, 1.05, VERDICT_INCONCLUSIVE},   {1.10, .90, 1.05, VERDICT_INCONCLUSIVE},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double base[SAMPLES], now[SAMPLES];
        fill(base, SAMPLES, 1, known[i].spread);
        fill(now, SAMPLES, known[i].level, known[i].spread);
        Judgement judgement = judge_one(base, SAMPLES, now, SAMPLES, known[i].threshold);
        if (judgement.verdict != known[i].verdict)
            fail_msg("%g ± %g: %s", known[i].level, known[i].spread, verdict_name(judgement.verdict));
        assert_near(judgement.ratio, known[i].level, tolerance);
        assert_near(judgement.base_median, 1, tolerance);
        assert_near(judgement.median, known[i].level, tolerance);
        assert_true(judgement.low <= judgement.ratio && judgement.ratio <= judgement.high);
        assert_int_equal(judgement.needed, 0);
    }
}

/* Twice as slow, but so few samples that no test can decide: it says how many are needed. */
static void too_few_samples(void **state)
{
    (void)state;
    for (size_t count = 2; count <= 6; count++) {
        double base[6], now[6];
        fill(base, count, 1, .01);
        fill(now, count, 2, .01);
        Judgement judgement = judge_one(base, count, now, count, 1.05);
        assert_int_equal(judgement.verdict, count >= 5 ? VERDICT_REGRESSION : VERDICT_INCONCLUSIVE);
        assert_int_equal(judgement.needed, count >= 5 ? 0 : 6);
    }
    double one[] = {1};
    Judgement judgement = judge_one(one, 1, NULL, 0, 1.05);
    assert_int_equal(judgement.verdict, VERDICT_INCONCLUSIVE);
    assert_true(isnan(judgement.ratio) && isnan(judgement.p) && isnan(judgement.adjusted_p));
    assert_int_equal(judgement.needed, 6);
}

/* Five samples a side that are enough for one benchmark are too few among twenty. */
static void a_suite_needs_more(void **state)
{
    (void)state;
    enum { SUITE = 20, COUNT = 5 };
    double base[SUITE][COUNT], now[SUITE][COUNT];
    JudgePair pairs[SUITE];
    Judgement judgements[SUITE];
    Failure failure;
    for (size_t i = 0; i < SUITE; i++) {
        fill(base[i], COUNT, 1, .01);
        fill(now[i], COUNT, i == 0 ? 2 : 1, .01);
        pairs[i] = (JudgePair){base[i], COUNT, now[i], COUNT, 1.05, false};
    }
    assert_int_equal(judge(&judge_rules_default, pairs, SUITE, judgements, &failure), 0);
    assert_near(judgements[0].p, 2.0 / 252, tolerance);
    assert_near(judgements[0].adjusted_p, 20 * 2.0 / 252, tolerance);
    assert_int_equal(judgements[0].verdict, VERDICT_INCONCLUSIVE);
    /* 20 * 2 / C(2n, n) is below 0.01 from n = 8 on. */
    assert_int_equal(judgements[0].needed, 8);
    assert_int_equal(judge(&judge_rules_default, pairs, 0, judgements, &failure), 0);
}

static void equal_times_are_the_same(void **state)
{
    (void)state;
    double base[10], now[10];
    fill(base, 10, 1, 0);
    fill(now, 10, 1, 0);
    assert_int_equal(judge_one(base, 10, now, 10, 1.05).verdict, VERDICT_SAME);
    fill(now, 10, 1.2, 0);
    assert_int_equal(judge_one(base, 10, now, 10, 1.05).verdict, VERDICT_REGRESSION);
}

/* How many of `trials` comparisons, of 30 samples each, come to the verdict. Noise is lognormal, as that of
 * timings is: it has its tail upwards. */
static int simulate(int trials, double level, double noise, uint64_t seed, Verdict verdict)
{
    int found = 0;
    uint64_t random = seed;
    for (int trial = 0; trial < trials; trial++) {
        double base[SAMPLES], now[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            base[i] = exp(noise * normal_number(&random));
            now[i] = level * exp(noise * normal_number(&random));
        }
        found += judge_one(base, SAMPLES, now, SAMPLES, 1.05).verdict == verdict;
    }
    return found;
}

/* At 3 % of noise the medians hardly ever differ by 5 %; at 25 % they often do, and the test decides alone.
 */
static void false_alarms_are_rare(void **state)
{
    (void)state;
    assert_within(simulate(1000, 1, .03, 1, VERDICT_REGRESSION), 0, 10);
    assert_within(simulate(1000, 1, .25, 2, VERDICT_REGRESSION), 0, 10);
}

static void slow_downs_are_found(void **state)
{
    (void)state;
    assert_within(simulate(500, 1.1, .03, 3, VERDICT_REGRESSION), 475, 500);
}

static void speed_ups_and_equality_are_found(void **state)
{
    (void)state;
    assert_within(simulate(100, 1 / 1.1, .03, 4, VERDICT_IMPROVED), 95, 100);
    assert_within(simulate(100, 1, .03, 5, VERDICT_SAME), 95, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_by_size_of_the_change),
        cmocka_unit_test(too_few_samples),
        cmocka_unit_test(a_suite_needs_more),
        cmocka_unit_test(equal_times_are_the_same),
        cmocka_unit_test(false_alarms_are_rare),
        cmocka_unit_test(slow_downs_are_found),
        cmocka_unit_test(speed_ups_and_equality_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
