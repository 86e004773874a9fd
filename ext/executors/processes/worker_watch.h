/*
 * Looks after workers that stand still: over time with a task, or not beginning with one; and after a zygote
 * that does not carry out what it is told.
 */
#ifndef PRICEMAP_WORKER_WATCH_H
#define PRICEMAP_WORKER_WATCH_H

#include "ext/executors/processes/process_pool.h"

/* One look at all of a pool's workers, at this time of channel_clock(): has those killed that have had their
 * time, and the zygote if a worker that was to be killed still is not. On the host's thread; never waits. */
void worker_watch_look(ProcessPool *pool, int64_t now);

#endif
