/*
 * Looks after workers that stand still: over time with a task, or not beginning with one; and after a zygote
 * that does not carry out what it is told.
 */
#ifndef PRICEMAP_WATCH_H
#define PRICEMAP_WATCH_H

#include "ext/executors/executor.h"
#include "ext/executors/processes/pool.h"

/* One look at all of a pool's workers, at this time of clock_ns(): has those killed that have had their
 * time, and the zygote if a worker that was to be killed still is not. On the host's thread; never waits. */
void watch_check(ProcessPool *pool, int64_t now);

/*
 * How far the workers are with letting go of the files of ended scans; see executor_await_end. `alone`: one
 * run at the most uses the pool. A worker that stands still, with nothing to do, is killed: that is the one
 * way to have it let go.
 */
ScanEnd watch_leaving(ProcessPool *pool, bool alone, int64_t now);

#endif
