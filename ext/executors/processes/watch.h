/*
 * Kills what does not go on: workers that are stuck, and a zygote that does not carry out a kill. On the
 * host's thread; no function waits.
 */
#ifndef PRICEMAP_WATCH_H
#define PRICEMAP_WATCH_H

#include "ext/executors/executor.h"
#include "ext/executors/processes/pool.h"

/*
 * Checks all workers of a pool at this time of clock_ns(). Kills a worker whose task has exceeded its timeout
 * (the task fails), and one that does not begin a queued task within 5 s, or is not ready within 5 s
 * (its tasks are queued again, and one that was not ready counts as a start that failed); and the zygote, if
 * a worker that was to be killed still lives.
 */
void watch_check(ProcessPool *pool, int64_t now);

/*
 * How far the workers are with closing the files of ended scans; see executor_await_end. `alone`: one run at
 * the most uses the pool. A worker without a task that does not close the file within a second is killed:
 * that is the one way to have the file closed.
 */
ScanEnd watch_closing(ProcessPool *pool, bool alone, int64_t now);

#endif
