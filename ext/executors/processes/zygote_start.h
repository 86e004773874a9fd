/*
 * How a pool gets its zygote: the shared memory, the starting of pricemap-worker, its answer. A part of
 * process_pool.c, which is the only one to call it.
 */
#ifndef PRICEMAP_ZYGOTE_START_H
#define PRICEMAP_ZYGOTE_START_H

#include "ext/executors/processes/process_pool.h"

enum { HELLO_SECONDS = 10 /* for the zygote to answer */ };

/* Starts the program and says hello; the pool is ZYGOTE_STARTING then. False, with `trouble` set, and nothing
 * of it left but the memory, which is for the next try. Does not wait for the answer. */
bool zygote_start(ProcessPool *pool);

/* Whether the zygote that answered fits this host; if not, `trouble` says why. */
bool zygote_start_fits(ProcessPool *pool, const Message *message);

/* Waits for the process that the host started itself, which ends as soon as it has forked the zygote;
 * `kill_it`: it may not have. */
void zygote_start_reap(ProcessPool *pool, bool kill_it);

/* Sets the pool's `trouble`: an error message. */
__attribute__((format(printf, 2, 3))) void zygote_start_trouble(ProcessPool *pool, const char *format, ...);

#endif
