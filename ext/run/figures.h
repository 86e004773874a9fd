/* The counters of one run, and their way into the log. On the connection's thread only. */
#ifndef PRICEMAP_FIGURES_H
#define PRICEMAP_FIGURES_H

#include "ext/connection/run_log.h"
#include "ext/run/task_sample.h"

typedef struct RunFigures {
    /* Number of the run in the log; 0: it is not in the log. */
    int64_t number;
    /* Time when the run began, CLOCK_MONOTONIC. */
    int64_t start_ns;
    /* Nanoseconds that workers spent on tasks, all workers together. */
    int64_t busy_ns;
    /* Tasks that were done; a task that comes back for its rest counts again. */
    int64_t tasks;
    /* Rows of the source that were evaluated without an error, and rows that the map gave. */
    int64_t rows_in, rows_out;
    /* Rows of the source in the largest task. */
    int64_t most_rows;
} RunFigures;

/*
 * Adds the last turn of a done task, which an executor of the kind `ran_on` ran, to the counters, and a
 * record of it to the log where the run is in the log. Returns the sample of that turn.
 */
TaskSample figures_add(RunFigures *figures, RunLog *log, const Task *task, const ExecutorKind *ran_on);

/* Adds the counters to the record, which may have those of other runs of one statement. */
void figures_write(const RunFigures *figures, RunRecord *record);

#endif
