#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/statistics/number_series.h"
#include "cli/statistics/random.h"
#include "cli/sampling/sampling.h"

const SamplingRules sampling_defaults = {
    .warmup = 1,
    .min_samples = 10,
    .max_samples = 1000,
    .min_seconds = 3,
    .max_seconds = 60,
    .precision = 0.02,
    .sample_seconds = 0.01,
};

/* Samples up to which each one brings a new summary; beyond, its cost would grow with their number. */
enum { SUMMARIZED_ALWAYS = 100 };

static const int64_t most_loops = INT64_C(1) << 40;

/* A subject while it is sampled. */
typedef struct Series {
    int64_t loops;
    /* Whether one sample of `loops` lasts long enough. */
    bool calibrated;
    /* Seconds spent in counted samples. */
    double elapsed;
    /* Counted samples, seconds for one loop each. */
    NumberSeries seconds;
    /* Summary of the first so many of them: of all, or, of more than a hundred, of 98 % at least. */
    Summary summary;
    size_t summarized;
    const char *stopped;
} Series;

typedef struct Sampling {
    const SamplingRules *rules;
    const SamplingSubject *subjects;
    const SamplingObserver *observer;
    Series *series;
    /* Order of the subjects in a round. */
    size_t *order;
    size_t count;
    int64_t sequence;
    uint64_t random;
} Sampling;

/* Fisher-Yates. The remainder's bias, below 2^-50 for any count that fits in memory, does not matter here. */
static void shuffle(size_t *order, size_t count, uint64_t *random)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)(random_next(random) % i);
        size_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

static void summarize(Series *series)
{
    number_series_summarize(&series->seconds, &series->summary);
    series->summarized = series->seconds.count;
}

static int keep_sample(Series *series, const Sample *sample, Failure *failure)
{
    double seconds = (double)sample->wall_ns / 1e9;
    if (number_series_add(&series->seconds, seconds / (double)sample->loops, failure))
        return -1;
    series->elapsed += seconds;
    if (series->seconds.count <= SUMMARIZED_ALWAYS || series->seconds.count * 50 >= series->summarized * 51)
        summarize(series);
    return 0;
}

static const char *reason_to_stop(const SamplingRules *rules, const Series *series)
{
    const Summary *summary = &series->summary;
    if (series->elapsed >= rules->max_seconds)
        return "time";
    const int64_t count = (int64_t)series->seconds.count;
    if (count >= rules->max_samples)
        return "samples";
    if (count < rules->min_samples || series->elapsed < rules->min_seconds ||
        series->summarized < series->seconds.count)
        return NULL;
    double width = rules->precision * summary->median;
    if (summary->high - summary->median <= width && summary->median - summary->low <= width)
        return "interval";
    return NULL;
}

static double seconds_left(const Sampling *sampling)
{
    double left = 0;
    for (size_t i = 0; i < sampling->count; i++) {
        const Series *series = &sampling->series[i];
        if (series->stopped)
            continue;
        double by_time = fmax(sampling->rules->max_seconds - series->elapsed, 0);
        double by_count = (double)(sampling->rules->max_samples - (int64_t)series->seconds.count) *
                          series->summary.mean * (double)series->loops;
        left += isnan(by_count) ? by_time : fmin(by_time, by_count);
    }
    return left;
}

/* Takes one sample and calls the observer. A sample of round 0 is counted only where it need not be repeated:
 * the rules have no warm-up, and it lasted long enough. */
static int take_sample(Sampling *sampling, size_t index, int64_t round, Failure *failure)
{
    const SamplingRules *rules = sampling->rules;
    const SamplingSubject *subject = &sampling->subjects[index];
    Series *series = &sampling->series[index];
    Sample sample = {.sequence = sampling->sequence,
                     .round = round,
                     .loops = series->loops,
                     .peak_memory_kib = -1,
                     .value = NAN};
    if (subject->take(subject->context, sample.loops, &sample, failure))
        return -1;
    sampling->sequence++;
    series->calibrated = (double)sample.wall_ns / 1e9 >= rules->sample_seconds || series->loops >= most_loops;
    sample.warmup = round == 0 && (rules->warmup > 0 || !series->calibrated);
    if (!sample.warmup) {
        if (keep_sample(series, &sample, failure))
            return -1;
        series->stopped = reason_to_stop(rules, series);
        if (series->stopped && series->summarized < series->seconds.count)
            summarize(series);
    }
    SamplingEvent event = {.subject = index,
                           .sample = &sample,
                           .summary = &series->summary,
                           .stopped = series->stopped,
                           .seconds_left = seconds_left(sampling)};
    return sampling->observer->sampled(sampling->observer->context, &event, failure);
}

static int warm_up(Sampling *sampling, size_t index, Failure *failure)
{
    Series *series = &sampling->series[index];
    for (int64_t i = 0; i < sampling->rules->warmup; i++)
        if (take_sample(sampling, index, 0, failure))
            return -1;
    if (series->calibrated)
        return 0;
    if (sampling->rules->warmup > 0)
        series->loops *= 2;
    for (;;) {
        if (take_sample(sampling, index, 0, failure))
            return -1;
        if (series->calibrated)
            return 0;
        series->loops *= 2;
    }
}

static int sample_rounds(Sampling *sampling, Failure *failure)
{
    for (int64_t round = 1;; round++) {
        size_t active = 0;
        for (size_t i = 0; i < sampling->count; i++)
            if (!sampling->series[i].stopped)
                sampling->order[active++] = i;
        if (active == 0)
            return 0;
        shuffle(sampling->order, active, &sampling->random);
        for (size_t i = 0; i < active; i++)
            if (take_sample(sampling, sampling->order[i], round, failure))
                return -1;
    }
}

int sampling_run(const SamplingRules *rules, const SamplingSubject *subjects, size_t count,
                 const SamplingObserver *observer, Failure *failure)
{
    Sampling sampling = {.rules = rules,
                         .subjects = subjects,
                         .observer = observer,
                         .series = calloc(count, sizeof *sampling.series),
                         .order = calloc(count, sizeof *sampling.order),
                         .count = count,
                         .random = rules->seed};
    int result = 0;
    if (!sampling.series || !sampling.order)
        result = failure_set(failure, "out of memory for %zu benchmarks", count);
    for (size_t i = 0; i < count && result == 0; i++) {
        sampling.series[i].loops = 1;
        number_series_summarize(&sampling.series[i].seconds, &sampling.series[i].summary);
    }
    for (size_t i = 0; i < count && result == 0; i++)
        result = warm_up(&sampling, i, failure);
    if (result == 0)
        result = sample_rounds(&sampling, failure);
    for (size_t i = 0; i < count && sampling.series; i++)
        number_series_free(&sampling.series[i].seconds);
    free(sampling.series);
    free(sampling.order);
    return result;
}
