/* A measuring verb from begin to end: maps are prepared, sampled and recorded. */
#ifndef PRICEREPORT_MEASURE_H
#define PRICEREPORT_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "history.h"
#include "map_bench.h"
#include "options.h"

typedef struct MeasurePlan {
    const char *verb;     /* under which it is recorded */
    MapDatabase database; /* its extension is found by measure() */
    const MapJob *jobs;
    size_t count;
    bool verify;            /* first compare every executor's rows with those of serial */
    const Options *options; /* rules and label */
    char *const *arguments; /* the command line, without the program's name, ends with NULL */
} MeasurePlan;

/* Measures, and records every sample as it is taken. Returns 0 and the finished run, or -1 with the failure
 * set; a run that had begun is recorded as failed, with what it had measured. */
int measure(const MeasurePlan *plan, History *history, int64_t *run, Failure *failure);

#endif
