/* A measuring verb from begin to end: maps or a command are prepared, sampled and recorded. */
#ifndef PRICEREPORT_MEASURE_H
#define PRICEREPORT_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/sampling/command_bench.h"
#include "cli/base/failure.h"
#include "cli/history/history.h"
#include "cli/sampling/map_bench.h"
#include "cli/options/options.h"

typedef struct MeasurePlan {
    const char *verb;     /* under which it is recorded */
    MapDatabase database; /* its extension is found by measure() */
    const MapJob *jobs;
    size_t count;
    bool verify;            /* first compare every executor's rows with those of serial */
    const Options *options; /* rules and label */
    char *const *arguments; /* the command line, without the program's name, ends with NULL */
} MeasurePlan;

enum { MEASURE_INTERRUPTED = 1 };

/* Measures, and records every sample as it is taken. Returns 0 and the finished run. Else the failure is set,
 * and a run that had begun is recorded with what it had measured: MEASURE_INTERRUPTED where the user ended
 * it, else -1.
 * `*run` is 0 where it had not begun. */
int measure(const MeasurePlan *plan, History *history, int64_t *run, Failure *failure);

/* The same for a command; `arguments` is as above, and the name of the benchmark is options->name, else the
 * command itself. */
int measure_command(CommandBench *bench, const Options *options, char *const *arguments, History *history,
                    int64_t *run, Failure *failure);

#endif
