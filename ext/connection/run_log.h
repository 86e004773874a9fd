/*
 * The log of one connection: its last maps and the tasks of each, as parallel_map_runs and parallel_map_tasks
 * show them. On the connection's thread only.
 */
#ifndef PRICEMAP_RUN_LOG_H
#define PRICEMAP_RUN_LOG_H

#include <stdint.h>

#include "ext/base/sqlite_api.h"
#include "ext/data/task.h"

enum {
    /* Runs that are kept; the oldest is dropped first. */
    RUN_LOG_RUNS = 200,
    /* Tasks that are kept over all runs; those of the oldest runs are dropped first. */
    RUN_LOG_TASKS = 1 << 18,
};

/* The record of one task. */
typedef struct TaskRecord {
    /* Number of the worker, from 0 (-1: the host itself), and the id of its process. */
    int32_t worker, pid;
    /* Machine of the worker, by its number in the log's machines, from 1; 0: the host's own. */
    uint32_t machine;
    /* Nanoseconds from the start of the run. */
    int64_t start_ns, end_ns;
    /* Rows of the source that the task evaluated, and rows that it gave. */
    uint32_t rows_in, rows_out;
} TaskRecord;

typedef struct RunRecord {
    /* Number of the run, from 1, and begin of the first of several runs, CLOCK_MONOTONIC; 0: there is one. */
    int64_t run, start_ns;
    /* Texts of the run, malloc'd; NULL: none. Its start is ISO 8601 in UTC, with milliseconds. */
    char *started_at, *source, *map, *requested, *executor, *reason, *access, *error;
    int workers;
    int64_t chunk, tasks, rows_in, rows_out, retries;
    double wall_seconds, startup_seconds, busy_seconds;
    /* Records of its tasks, in the order in which they ended, with room for more. */
    TaskRecord *records;
    uint32_t record_count, record_room;
} RunRecord;

typedef struct RunLog {
    /* Runs, the oldest first. */
    RunRecord *runs[RUN_LOG_RUNS];
    int count;
    /* Number of the last run. */
    int64_t last_run;
    /* Number of task records over all runs. */
    int64_t tasks;
    /* Names of the machines that tasks were done on, malloc'd; few. */
    char **machines;
    uint32_t machine_count;
} RunLog;

/*
 * Adds a run, dropping the oldest when the log is full. The record is the log's; it stays valid until
 * RUN_LOG_RUNS more were added, so a caller must find it again by its number. NULL when out of memory.
 */
RunRecord *run_log_add(RunLog *log, const char *source, const char *map, const char *requested);
/* Returns the record of a run; NULL when the log no longer has it. */
RunRecord *run_log_find(RunLog *log, int64_t run);

/* Adds a task of a run that began at `run_start_ns` (CLOCK_MONOTONIC), with the name of the machine that did
 * it (NULL: this one). Out of memory: the task is not shown, or its machine is not. */
void run_log_task(RunLog *log, RunRecord *run, const TaskReport *report, const char *machine,
                  uint32_t rows_in, int64_t run_start_ns);

/* The name of a machine by its number in a task's record; NULL: the host's own. */
const char *run_log_machine(const RunLog *log, uint32_t machine);

/* Replaces one of a record's texts; NULL `text` clears it. Out of memory: it is cleared. */
void run_log_set(char **field, const char *text);

/* Frees all records. */
void run_log_clear(RunLog *log);

#endif
