/*
 * The life of a worker process, apart from the program that it is a process of: a program whose workers have
 * more at hand (another language, say) prepares that, and then gives worker_loop to zygote_run as main.c
 * does.
 */
#ifndef PRICEMAP_WORKER_H
#define PRICEMAP_WORKER_H

#include "ext/channel/layout.h"

/*
 * Takes tasks from the channel in this region of the shared memory and evaluates them until the process is
 * killed. Returns only where the channel cannot be mapped. To be called once, in a process of one thread that
 * sqlite3_api is set in: a ZygoteWork.
 */
void worker_loop(int memory, PoolControl *pool, uint32_t region);

/* The same; calls `rest` when the worker has had nothing to do for about a second since its last task. */
void worker_loop_with(int memory, PoolControl *pool, uint32_t region, void (*rest)(void));

#endif
