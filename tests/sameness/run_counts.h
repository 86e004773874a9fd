/* By which executors maps ran, and which side read their rows: evidence that the cases meet each of them. */
#ifndef SAMENESS_RUN_COUNTS_H
#define SAMENESS_RUN_COUNTS_H

#include <sqlite3.h>

#include "executor_list.h"

#define RUN_EXECUTOR(name) RUN_EXECUTOR_##name,
enum { EXECUTOR_LIST(RUN_EXECUTOR) RUN_EXECUTORS, RUN_ACCESSES = 2 };
#undef RUN_EXECUTOR

typedef struct RunCounts {
    long runs[RUN_EXECUTORS][RUN_ACCESSES];
} RunCounts;

/* Adds the maps that the connection's parallel_map_runs lists. 0, or -1 with the reason on standard error. */
int run_counts_add(RunCounts *counts, sqlite3 *db);

/* One line to standard output. */
void run_counts_print(const RunCounts *counts);

/* How many pairs of executor and access there was no map of; each is printed. */
int run_counts_missing(const RunCounts *counts);

#endif
