/* Adaptive sampling: times several subjects in interleaved rounds until each is known well enough.
 *
 * First every subject is warmed up, and its inner loops are doubled until one sample lasts long enough for
 * the clock. Then come rounds: each takes one sample of every subject that is not done, in an order shuffled
 * anew from the seed, so that a disturbance of the machine meets all alike. Knows nothing of SQL. */
#ifndef PRICEREPORT_SAMPLING_H
#define PRICEREPORT_SAMPLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/statistics/statistics.h"

/* The timing of one or more executions. */
typedef struct Sample {
    /* Number in the order of the whole run, from 0. */
    int64_t sequence;
    /* Round, from 1; 0 before the rounds. */
    int64_t round;
    /* Whether the sample warms up and does not count. */
    bool warmup;
    /* Executions in this sample. */
    int64_t loops;
    /* Times of all loops together, in nanoseconds: elapsed, user and system. */
    int64_t wall_ns;
    int64_t user_ns;
    int64_t system_ns;
    /* Peak memory; -1: not known for this sample alone. */
    int64_t peak_memory_kib;
    /* Figure of a metric; NAN where the sample is a timing. */
    double value;
} Sample;

/* When to stop. `max_seconds` wins over everything else, then `max_samples`; then a subject needs
 * `min_samples` and `min_seconds` and an interval of its median within ± `precision`. Seconds are those spent
 * in its samples. */
typedef struct SamplingRules {
    /* Samples of one loop that are taken first and do not count. */
    int64_t warmup;
    int64_t min_samples;
    int64_t max_samples;
    double min_seconds;
    /* Upper bound of the seconds; INFINITY: none. */
    double max_seconds;
    /* Half width of the median's interval at which sampling ends, as a fraction of the median. */
    double precision;
    /* Seconds that one sample lasts at least. */
    double sample_seconds;
    uint64_t seed;
} SamplingRules;

/* The defaults of `pricereport run`. The seed is 0. */
extern const SamplingRules sampling_defaults;

/* A subject to time. `take` executes it `loops` times and sets wall_ns, user_ns, system_ns and
 * peak_memory_kib. It returns 0, or -1 with the failure set. */
typedef struct SamplingSubject {
    int (*take)(void *context, int64_t loops, Sample *sample, Failure *failure);
    void *context;
} SamplingSubject;

/* The news for an observer after a sample. */
typedef struct SamplingEvent {
    /* Index of the subject. */
    size_t subject;
    /* The sample that was just taken. */
    const Sample *sample;
    /* Summary of the subject's counted samples, seconds for one loop; its count is 0 while there are none. Of
     * more than a hundred it may lack the newest 2 %, until sampling of the subject ends. */
    const Summary *summary;
    /* Reason why sampling of the subject ended: "interval", "samples", "time"; NULL: it goes on. */
    const char *stopped;
    /* Seconds that all subjects together may still take at most; INFINITY where nothing limits them. */
    double seconds_left;
} SamplingEvent;

/* Called after every sample, outside the timed part; -1 with the failure set ends the sampling. */
typedef struct SamplingObserver {
    int (*sampled)(void *context, const SamplingEvent *event, Failure *failure);
    void *context;
} SamplingObserver;

/* Samples all subjects. Returns 0, or -1 with the failure set; what was sampled until then was observed. */
int sampling_run(const SamplingRules *rules, const SamplingSubject *subjects, size_t count,
                 const SamplingObserver *observer, Failure *failure);

#endif
