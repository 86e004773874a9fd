/*
 * The watch over work that the host does itself: an interrupt of the host's connection ends the work, and so
 * does the end of the time that a task may take, both in the middle of a statement. See EvaluatorWatch. On
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
    /* Time when the work has to end, CLOCK_MONOTONIC; 0: no limit. */
    int64_t deadline_ns;
    /* Reason for which the work was ended. */
    bool interrupted, timed_out;
} HostWatch;

/* Begins a watch by an interrupt probe that outlives the watch; `timeout` in seconds from now, 0: no limit.
 */
void host_watch_begin(HostWatch *watch, sqlite3_stmt *interrupt_probe, double timeout);

/* Whether the work has to end; `watch` is a HostWatch. Not 0: yes. */
int host_watch_stop(void *watch);

#endif
