/*
 * What may end work that the host does itself, in the middle of a statement: an interrupt of the host's
 * connection, and the end of the time that a task may take. A watch for evaluators; see EvaluatorWatch. On
 * the connection's thread only.
 */
#ifndef PRICEMAP_HOST_WATCH_H
#define PRICEMAP_HOST_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"

typedef struct HostWatch {
    /* Statement of the connection, SELECT 1, that tells of an interrupt when it is stepped; not owned. */
    sqlite3_stmt *pulse;
    /* Time of CLOCK_MONOTONIC when the work has had its time; 0: never. */
    int64_t deadline_ns;
    /* Reason for which the work was ended. */
    bool interrupted, timed_out;
} HostWatch;

/* Begins to watch; `timeout` in seconds from now, 0: no limit. */
void host_watch_begin(HostWatch *watch, sqlite3_stmt *pulse, double timeout);

/* Whether the work is to end; `watch` is a HostWatch. */
int host_watch_stop(void *watch);

/* Whether the host was interrupted, told by a step of `pulse`. */
bool host_interrupted(sqlite3_stmt *pulse);

#endif
