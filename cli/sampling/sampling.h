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

/* One timing. */
typedef struct Sample {
    int64_t sequence; /* order in the whole run, from 0 */
    int64_t round;    /* from 1; 0 before the rounds */
    bool warmup;      /* not counted */
    int64_t loops;    /* executions in this sample */
    int64_t wall_ns;  /* of all loops together, as are the next two */
    int64_t user_ns;
    int64_t system_ns;
    int64_t peak_memory_kib; /* -1: not known for this sample alone */
} Sample;

/* When to stop. `max_seconds` wins over everything else, then `max_samples`; then a subject needs
 * `min_samples` and `min_seconds` and an interval of its median within ± `precision`. Seconds are those spent
 * in its samples. */
typedef struct SamplingRules {
    int64_t warmup; /* samples of one loop that are taken first and not counted */
    int64_t min_samples;
    int64_t max_samples;
    double min_seconds;
    double max_seconds;    /* INFINITY: no limit */
    double precision;      /* of the median, as a fraction of it */
    double sample_seconds; /* that one sample lasts at least */
    uint64_t seed;
} SamplingRules;

/* The defaults of `pricereport run`. The seed is 0. */
extern const SamplingRules sampling_defaults;

/* What is timed. `take` executes it `loops` times and sets wall_ns, user_ns, system_ns and peak_memory_kib.
 * It returns 0, or -1 with the failure set. */
typedef struct SamplingSubject {
    int (*take)(void *context, int64_t loops, Sample *sample, Failure *failure);
    void *context;
} SamplingSubject;

/* What an observer is told after every sample. */
typedef struct SamplingEvent {
    size_t subject;       /* index */
    const Sample *sample; /* the one just taken */
    const Summary
        *summary; /* of the subject's counted samples, seconds for one loop; count 0 while it has none */
    const char *stopped; /* why its sampling is over: "interval", "samples", "time"; NULL: it is not */
    double
        seconds_left; /* that all subjects together may still take at most; INFINITY where nothing limits */
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
