/* Worker processes as an executor; executor_processes of kinds.h makes one for the host's own programs. */
#ifndef PRICEMAP_PROCESSES_H
#define PRICEMAP_PROCESSES_H

#include "ext/executors/executor.h"

/*
 * Makes an executor whose workers are processes of the program at `worker_path`, which load SQLite from the
 * library at `sqlite_path` ("" where the program has its own). Both texts are copied. NULL when out of
 * memory; executor_close ends it.
 */
Executor *executor_processes_create(const char *worker_path, const char *sqlite_path);

#endif
