/* Subjects timed side by side: in every round one sample of each, in an order shuffled anew. */
#ifndef BENCH_MEASUREMENT_H
#define BENCH_MEASUREMENT_H

#include "bench.h"
#include "mapping.h"
#include "cli/sampling/sampling.h"

enum { MEASURED_MAX = 16, LABEL_SIZE = 64 };

typedef struct Subject {
    char label[LABEL_SIZE];
    SamplingSubject sampled;
} Subject;

/* How much is done for a work. */
typedef struct Effort {
    int64_t rounds, quick_rounds;
    double sample_seconds; /* inner loops are doubled until a sample lasts so long; 0: one loop always */
    bool warm;             /* everything was executed before: no warm-up sample */
    bool untold;           /* the caller reports the times in a form of its own */
} Effort;

/* A median with its 95 % order-statistic interval; low and high are infinite below 6 samples. */
typedef struct Estimate {
    double median, low, high;
    size_t count;
} Estimate;

/* Seconds of one loop. The i-th samples of all subjects are of the same round. */
typedef struct Measurement {
    double *seconds[MEASURED_MAX]; /* each with room for `rounds` */
    double *scratch;               /* the same */
    size_t counts[MEASURED_MAX];
    size_t rounds;
    size_t subjects;
} Measurement;

/* Measures, adds every subject's timing to the report unless that is untold, and shows progress. Returns 0;
 * or -1 with the failure set and nothing to free. */
int measurement_take(Bench *bench, const Subject *subjects, size_t count, const Effort *effort,
                     Measurement *measurement, Failure *failure);
void measurement_free(Measurement *measurement);

/* For works that count in place of timing, after each step: shows how far it is; -1, with the failure set,
 * when a signal is to end the bench. */
int measurement_step(Bench *bench, int64_t done, int64_t of, Failure *failure);

Estimate measurement_time(const Measurement *measurement, size_t subject);

/* Of subject `over`'s time by subject `under`'s, and of the one less the other: taken in each round, then the
 * median, so that a slow minute of the machine, which meets both, cancels out. */
Estimate measurement_ratio(const Measurement *measurement, size_t over, size_t under);
Estimate measurement_difference(const Measurement *measurement, size_t minuend, size_t subtrahend);

/* Median and interval of any numbers, which are sorted in place. */
Estimate estimate(double *numbers, size_t count);

/* The same task in several ways, the first of which is the plain SELECT that all others are checked against.
 */
typedef struct MappingSet {
    Mapping mappings[MEASURED_MAX];
    size_t count;
} MappingSet;

/* Opens all, executes the plain SELECT, and lets the others expect its answer. With `digest`, the values of
 * each that is not partial are compared with the plain SELECT's, in order and bit for bit; else sums and
 * counts are, at every sample. Wrong values are noted in the bench. */
int mapping_set_open(MappingSet *set, Bench *bench, const MappingTask *task, const MappingWay *ways,
                     size_t count, bool digest, Failure *failure);
void mapping_set_close(MappingSet *set);

/* What the plain SELECT gives for the task. */
int mapping_expect(const Bench *bench, const MappingTask *task, MappingAnswer *expected, Failure *failure);

/* Notes in the bench that one of them was wrong. Call it when measuring failed. */
void mapping_set_blame(const MappingSet *set, Bench *bench);

/* Writes the subjects of all mappings; returns how many. */
size_t mapping_set_subjects(MappingSet *set, Subject *subjects);

/* Opens, measures and closes: for works in which nothing else takes part. */
int mapping_set_measure(Bench *bench, const MappingTask *task, const MappingWay *ways, size_t count,
                        const Effort *effort, Measurement *measurement, Failure *failure);

#endif
