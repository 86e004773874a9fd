/* The struct and the functions that the files of one run share: map_run.c, and map_wait.c, in which the host
 * waits. */
#ifndef PRICEMAP_MAP_RUN_INTERNAL_H
#define PRICEMAP_MAP_RUN_INTERNAL_H

#include "ext/run/chunk_size.h"
#include "ext/run/controller.h"
#include "ext/run/executor_set.h"
#include "ext/run/figures.h"
#include "ext/run/map_run.h"
#include "ext/run/progress_line.h"
#include "ext/run/row_goal.h"
#include "ext/run/task_list.h"
#include "ext/run/task_source.h"

/* Milliseconds between two checks for an interrupt. */
enum { WAIT_MS = 10 };

struct MapRun {
    /* Connection, plan, experience and values of the map, and the connection's interrupt probe: all borrowed.
     */
    ConnectionState *state;
    Plan *plan;
    MapExperience *experience;
    const RunValues *values;
    sqlite3_stmt *interrupt_probe;
    /* Parts of the run, each of which keeps its own figures. */
    TaskSource source;
    TaskList tasks;
    ChunkSize chunk_size;
    RunFigures figures;
    Controller controller;
    ExecutorSet executors;
    ProgressLine progress;
    RowGoal goal;
    /* Seconds that a worker may take for a task; 0: no limit. */
    double timeout;
    /* Whether workers read the table themselves when the run began. */
    bool began_with_ranges;
    /* Whether the run has ended with an error. */
    bool failed;
    /* Whether the host was interrupted while it ran a task itself or started workers. */
    bool interrupted;
    /* Time of the last check for an interrupt between two tasks, CLOCK_MONOTONIC. */
    int64_t checked_ns;
};

/*
 * Waits until a task is done, which *index then names, and meanwhile runs what the host runs itself. The list
 * has a task. SQLITE_OK; SQLITE_INTERRUPT when the host was interrupted meanwhile; else an error, *message
 * set where it has a text.
 */
int map_run_wait_done(MapRun *run, int *index, char **message);

#endif
