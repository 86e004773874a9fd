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
    /* Interrupt probe of the connection, borrowed. */
    sqlite3_stmt *interrupt_probe;
    /* Time of CLOCK_MONOTONIC when the work has had its time; 0: never. */
    int64_t deadline_ns;
    /* Reason for which the work was ended. */
    bool interrupted, timed_out;
} HostWatch;

/* Begins to watch, by an interrupt probe that outlives the watch; `timeout` in seconds from now, 0: no limit.
 */
void host_watch_begin(HostWatch *watch, sqlite3_stmt *interrupt_probe, double timeout);

/* Whether the work is to end; `watch` is a HostWatch. */
int host_watch_stop(void *watch);

#endif
