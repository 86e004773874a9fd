/* Worker processes of a program that a test names by its path alone. Included by the tests of worker
 * processes. */
#ifndef PRICEMAP_TEST_WORKER_OF_H
#define PRICEMAP_TEST_WORKER_OF_H

#include <stdlib.h>
#include <string.h>

#include "ext/executors/processes/processes.h"

/* An executor of workers of this program; NULL when out of memory. */
static inline Executor *worker_of(const char *path, const char *sqlite_path)
{
    char name[] = "pricemap-worker", *arguments[] = {name, NULL};
    char *copy = strdup(path);
    Executor *executor =
        copy ? executor_processes_create(&(WorkerProgram){.path = copy, .arguments = arguments}, sqlite_path)
             : NULL;
    free(copy);
    return executor;
}

#endif
