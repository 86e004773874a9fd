/*
 * How a pool gets its zygote: the shared memory, the starting of pricemap-worker, its answer. A part of
 * process_pool.c, which is the only one to call it.
 */
#ifndef PRICEMAP_ZYGOTE_LINK_H
#define PRICEMAP_ZYGOTE_LINK_H

#include "ext/executors/processes/pool.h"

enum { HELLO_SECONDS = 10 /* for the zygote to answer */ };

/* Starts the program and says hello; the pool is ZYGOTE_STARTING then. False, with `error` set, and nothing
 * of it left but the memory, which is for the next try. Does not wait for the answer. */
bool zygote_link_start(ProcessPool *pool);

/* Whether the zygote that answered fits this host; if not, `error` says why. */
bool zygote_link_fits(ProcessPool *pool, const Message *message);

/* Waits for the process that the host started itself, which ends as soon as it has forked the zygote;
 * `kill_it`: it may not have. */
void zygote_link_reap(ProcessPool *pool, bool kill_it);

#endif
