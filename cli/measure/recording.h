/* Samples benchmarks and records them as one run. */
#ifndef PRICEREPORT_RECORDING_H
#define PRICEREPORT_RECORDING_H

#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"
#include "cli/sampling/interruption.h"
#include "cli/sampling/map_bench.h"
#include "cli/sampling/sampling.h"

/* How a run is sampled, and how it is found again. Texts are borrowed. */
typedef struct RecordingSettings {
    SamplingRules rules;
    /* Name of the run in lists; NULL: none. */
    const char *label;
    /* Name of the machine; NULL: it is known by what it is. */
    const char *machine;
    /* Run that this one measures once more; 0: none. */
    int64_t repeats;
    /* Command line without the program's name, ends with NULL. */
    char *const *arguments;
    /* Sources that are measured; NULL: those of the current folder. */
    const WorkTree *tree;
} RecordingSettings;

typedef struct RecordingPlan {
    /* Description of the run: its benchmarks, and the rules of sampling. */
    HistoryRun run;
    /* Subjects to sample, one for each benchmark that is no metric. */
    const SamplingSubject *subjects;
    /* Maps that the subjects are of; NULL: the subjects are no maps. */
    MapBench *maps;
    /* Figures of the subjects' metrics after each sample, called with `context`; every subject's benchmark is
     * followed by one for each metric. NULL: there are none. */
    const double *(*figures)(void *context);
    size_t metrics;
    /* Rows that each execution gives where the subjects are no maps; 0: they have none. */
    int64_t rows;
    /* Hook that stops the work of a subject; see interruption_set_stop. */
    void (*stop)(void *context);
    void *context;
    /* Reason why nothing can be sampled, which is recorded; NULL: it can. */
    const char *hindrance;
} RecordingPlan;

enum { RECORDING_INTERRUPTED = 1, RECORDING_UNCLEAN };

/* Samples until the rules are met, and records every sample as it is taken. Returns 0 and the finished run.
 * Else the failure is set, and the run is recorded with what it had: RECORDING_INTERRUPTED where the user
 * ended it, -1 where it failed. `*run` is 0 where it did not even begin. */
int recording_perform(const RecordingPlan *plan, History *history, Interruption *interruption, int64_t *run,
                      Failure *failure);

#endif
