/* The sampling rules, with subjects that take as long as the test says: no clock is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cli/sampling/sampling.h"

enum { SUBJECTS = 3, LOG_MAX = 20000 };

/* Takes `nanoseconds` for a loop, and every other time `jitter` more. */
typedef struct Fake {
    int64_t nanoseconds, jitter;
    int64_t taken;   /* samples */
    int64_t fail_at; /* the sample that fails, from 1; 0: none */
} Fake;

typedef struct Log {
    Sample samples[LOG_MAX];
    size_t subjects[LOG_MAX];
    const char *stopped[LOG_MAX];
    double left[LOG_MAX];
    size_t count;
    Summary last[SUBJECTS];
    size_t fail_at; /* the event that fails, from 1 */
} Log;

static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    Fake *fake = context;
    if (++fake->taken == fake->fail_at)
        return failure_set(failure, "no more");
    sample->wall_ns = loops * (fake->nanoseconds + (fake->taken % 2 ? fake->jitter : 0));
    return 0;
}

static int observe(void *context, const SamplingEvent *event, Failure *failure)
{
    Log *log = context;
    assert_true(log->count < LOG_MAX);
    log->samples[log->count] = *event->sample;
    log->subjects[log->count] = event->subject;
    log->stopped[log->count] = event->stopped;
    log->left[log->count] = event->seconds_left;
    log->last[event->subject] = *event->summary;
    log->count++;
    return log->count == log->fail_at ? failure_set(failure, "no record") : 0;
}

static Log log_of;

static int run(const SamplingRules *rules, Fake *fakes, size_t count, Failure *failure)
{
    SamplingSubject subjects[SUBJECTS];
    size_t fail_at = log_of.fail_at;
    memset(&log_of, 0, sizeof log_of);
    log_of.fail_at = fail_at;
    for (size_t i = 0; i < count; i++)
        subjects[i] = (SamplingSubject){.take = take, .context = &fakes[i]};
    const SamplingObserver observer = {.sampled = observe, .context = &log_of};
    return sampling_run(rules, subjects, count, &observer, failure);
}

static size_t counted(void)
{
    size_t samples = 0;
    for (size_t i = 0; i < log_of.count; i++)
        samples += !log_of.samples[i].warmup;
    return samples;
}

static const char *last_reason(void)
{
    return log_of.stopped[log_of.count - 1];
}

static void a_steady_subject_stops_at_its_interval(void **state)
{
    (void)state;
    Failure failure;
    Fake fake = {.nanoseconds = 400000000}; /* 8 samples are more than 3 s, but 10 are needed */
    assert_int_equal(run(&sampling_defaults, &fake, 1, &failure), 0);
    assert_int_equal(counted(), 10);
    assert_int_equal(log_of.count, 11);
    assert_true(log_of.samples[0].warmup);
    assert_string_equal(last_reason(), "interval");
    Fake quick = {.nanoseconds = 20000000}; /* 10 samples are 0.2 s, but 3 s are needed */
    assert_int_equal(run(&sampling_defaults, &quick, 1, &failure), 0);
    assert_int_equal(counted(), 150);
    assert_string_equal(last_reason(), "interval");
}

static void a_noisy_subject_stops_at_its_limits(void **state)
{
    (void)state;
    Failure failure;
    Fake fake = {.nanoseconds = 20000000, .jitter = 4000000};
    assert_int_equal(run(&sampling_defaults, &fake, 1, &failure), 0);
    assert_int_equal(counted(), 1000);
    assert_string_equal(last_reason(), "samples");
    Fake slow = {.nanoseconds = 1000000000, .jitter = 1000000000};
    assert_int_equal(run(&sampling_defaults, &slow, 1, &failure), 0);
    assert_int_equal(counted(), 40);
    assert_string_equal(last_reason(), "time");
    Fake endless = {.nanoseconds = INT64_C(90000000000)};
    assert_int_equal(run(&sampling_defaults, &endless, 1, &failure), 0);
    assert_int_equal(counted(), 1);
    assert_string_equal(last_reason(), "time");
}

static void inner_loops_double_until_a_sample_is_long_enough(void **state)
{
    (void)state;
    Failure failure;
    SamplingRules rules = sampling_defaults;
    rules.min_samples = rules.max_samples = 10;
    Fake fake = {.nanoseconds = 100000};
    assert_int_equal(run(&rules, &fake, 1, &failure), 0);
    /* 1, 2, 4 … 128 loops of 0.1 ms: the last one is 12.8 ms. */
    assert_int_equal(log_of.count, 8 + 10);
    for (size_t i = 0; i < log_of.count; i++) {
        assert_int_equal(log_of.samples[i].loops, i < 8 ? INT64_C(1) << i : 128);
        assert_int_equal(log_of.samples[i].warmup, i < 8);
        assert_int_equal(log_of.samples[i].round, i < 8 ? 0 : i - 7);
        assert_int_equal(log_of.samples[i].sequence, i);
    }
    /* The summary is of one loop. */
    assert_true(fabs(log_of.last[0].median - 0.0001) < 1e-12);
    assert_int_equal(log_of.last[0].count, 10);
}

static void warm_ups_are_as_many_as_asked_for(void **state)
{
    (void)state;
    Failure failure;
    SamplingRules rules = sampling_defaults;
    rules.min_samples = rules.max_samples = 3;
    for (int64_t warmup = 0; warmup < 4; warmup++) {
        Fake fake = {.nanoseconds = 50000000};
        rules.warmup = warmup;
        assert_int_equal(run(&rules, &fake, 1, &failure), 0);
        assert_int_equal(counted(), 3);
        assert_int_equal(log_of.count, 3 + warmup);
    }
    /* Without warm-up only what is too short is not counted. */
    Fake quick = {.nanoseconds = 3000000};
    rules.warmup = 0;
    assert_int_equal(run(&rules, &quick, 1, &failure), 0);
    assert_int_equal(log_of.count, 2 + 3);
    assert_true(log_of.samples[1].warmup);
    assert_false(log_of.samples[2].warmup);
    assert_int_equal(log_of.samples[2].loops, 4);
}

static void rounds_are_interleaved_and_shuffled(void **state)
{
    (void)state;
    Failure failure;
    SamplingRules rules = sampling_defaults;
    rules.min_samples = rules.max_samples = 60;
    rules.seed = 7;
    Fake fakes[SUBJECTS] = {{.nanoseconds = 10000000}, {.nanoseconds = 20000000}, {.nanoseconds = 30000000}};
    assert_int_equal(run(&rules, fakes, SUBJECTS, &failure), 0);
    assert_int_equal(log_of.count, SUBJECTS + SUBJECTS * 60);
    size_t orders[27] = {0};
    for (size_t i = SUBJECTS; i < log_of.count; i += SUBJECTS) {
        const size_t *order = &log_of.subjects[i];
        assert_int_equal((1 << order[0]) | (1 << order[1]) | (1 << order[2]), 7);
        orders[order[0] * 9 + order[1] * 3 + order[2]]++;
        for (size_t j = 0; j < SUBJECTS; j++)
            assert_int_equal(log_of.samples[i + j].round, i / SUBJECTS);
    }
    /* Each of the six orders comes ten times of sixty on average; this seed gives each at least four times.
     */
    size_t seen = 0;
    for (size_t i = 0; i < 27; i++)
        seen += orders[i] >= 4;
    assert_int_equal(seen, 6);
}

static void who_is_done_is_left_out_of_the_next_rounds(void **state)
{
    (void)state;
    Failure failure;
    Fake fakes[2] = {{.nanoseconds = 500000000}, {.nanoseconds = 500000000, .jitter = 500000000}};
    assert_int_equal(run(&sampling_defaults, fakes, 2, &failure), 0);
    assert_int_equal(log_of.last[0].count, 10);
    assert_int_equal(log_of.last[1].count, 80);
    for (size_t i = 22; i < log_of.count; i++)
        assert_int_equal(log_of.subjects[i], 1);
    /* At most 60 s each; less with every sample, and nothing at the end. */
    for (size_t i = 2; i < log_of.count; i++)
        assert_true(log_of.left[i] <= log_of.left[i - 1]);
    assert_true(log_of.left[log_of.count - 1] == 0);
}

static void failures_end_it(void **state)
{
    (void)state;
    Failure failure;
    Fake fake = {.nanoseconds = 20000000, .fail_at = 5};
    assert_int_equal(run(&sampling_defaults, &fake, 1, &failure), -1);
    assert_string_equal(failure.text, "no more");
    assert_int_equal(log_of.count, 4);
    fake = (Fake){.nanoseconds = 20000000};
    log_of.fail_at = 3;
    assert_int_equal(run(&sampling_defaults, &fake, 1, &failure), -1);
    assert_string_equal(failure.text, "no record");
    assert_int_equal(log_of.count, 3);
    log_of.fail_at = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_subject_stops_at_its_interval),
        cmocka_unit_test(a_noisy_subject_stops_at_its_limits),
        cmocka_unit_test(inner_loops_double_until_a_sample_is_long_enough),
        cmocka_unit_test(warm_ups_are_as_many_as_asked_for),
        cmocka_unit_test(rounds_are_interleaved_and_shuffled),
        cmocka_unit_test(who_is_done_is_left_out_of_the_next_rounds),
        cmocka_unit_test(failures_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
