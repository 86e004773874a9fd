/* Worker processes as an executor; executor_processes of kinds.h makes one for pricemap-worker. */
#ifndef PRICEMAP_PROCESSES_H
#define PRICEMAP_PROCESSES_H

#include "ext/executors/executor.h"
#include "ext/executors/processes/launch.h"

/*
 * Makes an executor whose workers are processes of a program, which load SQLite from the library at
 * `sqlite_path` ("" where the program has its own). Both are copied. NULL when out of memory; executor_close
 * ends it.
 */
Executor *executor_processes_create(const WorkerProgram *program, const char *sqlite_path);

#endif
