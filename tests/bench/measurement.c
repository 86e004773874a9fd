#include "measurement.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "cli/statistics/statistics.h"

typedef struct Observation {
    Bench *bench;
    const Subject *subjects;
    Measurement *measurement;
} Observation;

/* SIGINT and its like are blocked while the bench runs and checked after each sample, so that what was made
 * is removed again. */
static bool signal_waits(void)
{
    sigset_t pending;
    if (sigpending(&pending))
        return false;
    return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
           sigismember(&pending, SIGHUP) == 1;
}

static int heed_signals(Bench *bench, Failure *failure)
{
    if (!signal_waits())
        return 0;
    bench->interrupted = true;
    return failure_set(failure, "interrupted");
}

static int observe(void *context, const SamplingEvent *event, Failure *failure)
{
    Observation *observation = context;
    Bench *bench = observation->bench;
    Measurement *measurement = observation->measurement;
    progress_show(&bench->progress, bench->title, observation->subjects[event->subject].label, event);
    size_t *count = &measurement->counts[event->subject];
    if (!event->sample->warmup && *count < measurement->rounds)
        measurement->seconds[event->subject][(*count)++] =
            (double)event->sample->wall_ns / 1e9 / (double)event->sample->loops;
    return heed_signals(bench, failure);
}

int measurement_step(Bench *bench, int64_t done, int64_t of, Failure *failure)
{
    if (bench->progress.shown)
        fprintf(stderr, "\r%s: %lld of %lld\033[K", bench->title, (long long)done, (long long)of);
    return heed_signals(bench, failure);
}

Estimate estimate(double *numbers, size_t count)
{
    statistics_sort(numbers, count);
    Estimate result = {.median = statistics_quantile(numbers, count, 0.5),
                       .low = -INFINITY,
                       .high = INFINITY,
                       .count = count};
    size_t low, high;
    if (statistics_median_ranks(count, 0.95, &low, &high)) {
        result.low = numbers[low - 1];
        result.high = numbers[high - 1];
    }
    return result;
}

static double quotient(double a, double b)
{
    return a / b;
}

static double difference(double a, double b)
{
    return a - b;
}

static double first(double a, double b)
{
    (void)b;
    return a;
}

/* Of combine(a, b) in each round. */
static Estimate combined(const Measurement *measurement, size_t a, size_t b,
                         double (*combine)(double, double))
{
    size_t count =
        measurement->counts[a] < measurement->counts[b] ? measurement->counts[a] : measurement->counts[b];
    for (size_t i = 0; i < count; i++)
        measurement->scratch[i] = combine(measurement->seconds[a][i], measurement->seconds[b][i]);
    return estimate(measurement->scratch, count);
}

Estimate measurement_time(const Measurement *measurement, size_t subject)
{
    return combined(measurement, subject, subject, first);
}

Estimate measurement_ratio(const Measurement *measurement, size_t over, size_t under)
{
    return combined(measurement, over, under, quotient);
}

Estimate measurement_difference(const Measurement *measurement, size_t minuend, size_t subtrahend)
{
    return combined(measurement, minuend, subtrahend, difference);
}

int measurement_take(Bench *bench, const Subject *subjects, size_t count, const Effort *effort,
                     Measurement *measurement, Failure *failure)
{
    int64_t rounds = bench->settings.rounds  ? bench->settings.rounds
                     : bench->settings.quick ? effort->quick_rounds
                                             : effort->rounds;
    SamplingRules rules = {.warmup = effort->warm ? 0 : 1,
                           .min_samples = rounds,
                           .max_samples = rounds,
                           .max_seconds = INFINITY,
                           .sample_seconds = effort->sample_seconds,
                           .seed = bench->settings.seed};
    *measurement = (Measurement){.rounds = (size_t)rounds, .subjects = count};
    SamplingSubject sampled[MEASURED_MAX] = {{0}};
    measurement->scratch = calloc((size_t)rounds, sizeof *measurement->scratch);
    bool allocated = measurement->scratch != NULL;
    for (size_t i = 0; i < count; i++) {
        sampled[i] = subjects[i].sampled;
        measurement->seconds[i] = calloc((size_t)rounds, sizeof *measurement->seconds[i]);
        allocated = allocated && measurement->seconds[i];
    }
    Observation observation = {bench, subjects, measurement};
    SamplingObserver observer = {observe, &observation};
    int result = allocated ? sampling_run(&rules, sampled, count, &observer, failure)
                           : failure_set(failure, "out of memory for %lld rounds", (long long)rounds);
    for (size_t i = 0; i < count && result == 0 && !effort->untold; i++)
        result = report_timing(bench, subjects[i].label, measurement_time(measurement, i), failure);
    if (result)
        measurement_free(measurement);
    return result;
}

void measurement_free(Measurement *measurement)
{
    for (size_t i = 0; i < measurement->subjects; i++)
        free(measurement->seconds[i]);
    free(measurement->scratch);
    measurement->scratch = NULL;
    measurement->subjects = 0;
}

static int verify_values(MappingSet *set, Failure *failure)
{
    uint64_t expected, found;
    int64_t expected_rows, rows;
    if (mapping_digest(&set->mappings[0], &expected, &expected_rows, failure))
        return -1;
    for (size_t i = 1; i < set->count; i++) {
        Mapping *mapping = &set->mappings[i];
        if (mapping->way.partial)
            continue;
        if (mapping_digest(mapping, &found, &rows, failure))
            return -1;
        if (found == expected && rows == expected_rows)
            continue;
        mapping->wrong = true;
        return failure_set(failure,
                           "%s over %s by %s: the values, or their order, are not those of the plain SELECT",
                           mapping->task.map, mapping->task.source, mapping->label);
    }
    return 0;
}

int mapping_set_open(MappingSet *set, Bench *bench, const MappingTask *task, const MappingWay *ways,
                     size_t count, bool digest, Failure *failure)
{
    const MappingPlace place = {bench->database, bench->extension, bench->settings.workers};
    MappingAnswer expected = {0, 0};
    int result = 0;
    *set = (MappingSet){0};
    while (result == 0 && set->count < count) {
        result = mapping_open(&set->mappings[set->count], &place, task, &ways[set->count], failure);
        set->count += result == 0;
    }
    if (result == 0)
        result = mapping_answer(&set->mappings[0], &expected, failure);
    for (size_t i = 0; i < set->count; i++)
        set->mappings[i].expected = expected;
    if (result == 0 && digest)
        result = verify_values(set, failure);
    if (result == 0)
        return 0;
    mapping_set_blame(set, bench);
    mapping_set_close(set);
    return result;
}

void mapping_set_close(MappingSet *set)
{
    for (size_t i = 0; i < set->count; i++)
        mapping_close(&set->mappings[i]);
    set->count = 0;
}

int mapping_expect(const Bench *bench, const MappingTask *task, MappingAnswer *expected, Failure *failure)
{
    static const MappingWay plain = {.executor = NULL};
    const MappingPlace place = {bench->database, bench->extension, bench->settings.workers};
    Mapping mapping;
    if (mapping_open(&mapping, &place, task, &plain, failure))
        return -1;
    int result = mapping_answer(&mapping, expected, failure);
    mapping_close(&mapping);
    return result;
}

void mapping_set_blame(const MappingSet *set, Bench *bench)
{
    for (size_t i = 0; i < set->count; i++)
        bench->wrong |= set->mappings[i].wrong;
}

size_t mapping_set_subjects(MappingSet *set, Subject *subjects)
{
    for (size_t i = 0; i < set->count; i++) {
        snprintf(subjects[i].label, sizeof subjects[i].label, "%s", set->mappings[i].label);
        subjects[i].sampled = (SamplingSubject){mapping_take, &set->mappings[i]};
    }
    return set->count;
}

int mapping_set_measure(Bench *bench, const MappingTask *task, const MappingWay *ways, size_t count,
                        const Effort *effort, Measurement *measurement, Failure *failure)
{
    MappingSet set;
    Subject subjects[MEASURED_MAX];
    if (mapping_set_open(&set, bench, task, ways, count, true, failure))
        return -1;
    int result =
        measurement_take(bench, subjects, mapping_set_subjects(&set, subjects), effort, measurement, failure);
    mapping_set_blame(&set, bench);
    mapping_set_close(&set);
    return result;
}
