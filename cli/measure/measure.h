/* A measuring verb from begin to end: maps, a query or commands are prepared, sampled and recorded. */
#ifndef PRICEREPORT_MEASURE_H
#define PRICEREPORT_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/sampling/command_bench.h"
#include "cli/base/failure.h"
#include "cli/history/history.h"
#include "cli/sampling/map_bench.h"
#include "cli/measure/commands.h"
#include "cli/measure/recording.h"

typedef struct MeasurePlan {
    /* Verb under which the run is recorded. */
    const char *verb;
    /* Database to map; measure() finds its extension. */
    MapDatabase database;
    const MapJob *jobs;
    size_t count;
    /* Whether every executor's rows are first compared with those of serial. */
    bool verify;
    /* Whether the user named the benchmark: what is mapped may change then, and its history goes on. */
    bool named;
    RecordingSettings recording;
} MeasurePlan;

/* Measures, and records every sample as it is taken. Of a query, stderr gets a line for each executor that
 * ran it whole. Returns 0 and the finished run. Else the failure is set,
 * and a run that had begun is recorded with what it had measured: RECORDING_INTERRUPTED where the user ended
 * it, else -1.
 * `*run` is 0 where it had not begun. */
int measure(const MeasurePlan *plan, History *history, int64_t *run, Failure *failure);

/* The same for the commands of a set, which the bench executes. Where cleaning up after them fails, the
 * result is RECORDING_UNCLEAN, and the run is finished. */
int measure_commands(CommandBench *bench, const CommandSet *set, const RecordingSettings *recording,
                     History *history, int64_t *run, Failure *failure);

/* The same within an interruption that the caller began, for one commit of several, which the settings' tree
 * names: where setting up fails, too, a run that failed is recorded. `*run` is 0 where the history could not
 * take it. */
int measure_commit(CommandBench *bench, const CommandSet *set, const RecordingSettings *recording,
                   History *history, Interruption *interruption, int64_t *run, Failure *failure);

/* Records a run of these commands that failed before it could measure anything, by `failure`, which stays.
 * `*run` is 0 where the history could not take it. */
void measure_record_failed(CommandBench *bench, const CommandSet *set, const RecordingSettings *recording,
                           History *history, Interruption *interruption, int64_t *run,
                           const Failure *failure);

/* The benchmarks of a set, as a run of it has them: for each command its time, and each metric; to be freed.
 * NULL with the failure set where memory ran out. */
HistoryBenchmark *measure_benchmarks(const CommandSet *set, size_t *count, Failure *failure);

#endif
