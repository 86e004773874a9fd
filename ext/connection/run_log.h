/*
 * What parallel_map_runs and parallel_map_tasks show: the last maps of one connection and the tasks of each.
 * Used on the connection's thread only.
 */
#ifndef PRICEMAP_RUN_LOG_H
#define PRICEMAP_RUN_LOG_H

#include <stdint.h>

#include "ext/base/sqlite_api.h"
#include "ext/data/task.h"

enum {
    RUN_LOG_RUNS = 200,      /* kept; the oldest goes first */
    RUN_LOG_TASKS = 1 << 18, /* kept over all runs: the tasks of the oldest runs go first */
};

/* What is kept of one task. */
typedef struct TaskRecord {
    int32_t worker, pid;
    /* Nanoseconds since the start of the run. */
    int64_t start_ns, end_ns;
    uint32_t rows_in, rows_out;
} TaskRecord;

typedef struct RunRecord {
    int64_t run;
    char *started_at; /* ISO 8601, UTC, with milliseconds */
    char *source, *map, *requested, *executor, *reason, *access, *error; /* error: NULL when there was none */
    int workers;
    int64_t chunk, tasks, rows_in, rows_out, retries;
    double wall_seconds, startup_seconds, busy_seconds;
    /* Records of its tasks, in the order in which they ended, with room for more. */
    TaskRecord *records;
    uint32_t record_count, record_room;
} RunRecord;

typedef struct RunLog {
    RunRecord *runs[RUN_LOG_RUNS]; /* oldest first */
    int count;
    int64_t last_run;
    int64_t tasks; /* records kept now */
} RunLog;

/*
 * Adds a run, dropping the oldest when the log is full. The record is the log's; it stays valid until
 * RUN_LOG_RUNS more were added, so a caller must find it again by its number. NULL when out of memory.
 */
RunRecord *run_log_add(RunLog *log, const char *source, const char *map, const char *requested);
RunRecord *run_log_find(RunLog *log, int64_t run);

/* Adds one task of a run that began at `run_start_ns` (CLOCK_MONOTONIC). Out of memory: the task is not
 * shown. */
void run_log_task(RunLog *log, RunRecord *run, const TaskReport *report, uint32_t rows_in,
                  int64_t run_start_ns);

/* Replaces one of a record's texts; NULL `text` clears it. Out of memory: it is cleared. */
void run_log_set(char **field, const char *text);

void run_log_clear(RunLog *log);

#endif
