/*
 * The zygote: the small, single-threaded process that forks the workers of one pool, watches them, reports
 * how they ended, and kills them. The zygote is neither a child of the host nor in a session with it, and
 * ends when the host does.
 *
 * The zygote waits in poll() alone: a message that the host has no room for just now is kept and sent later.
 */
#ifndef PRICEMAP_ZYGOTE_H
#define PRICEMAP_ZYGOTE_H

#include "ext/channel/layout.h"

/* The life of a forked worker: runs until the worker is killed, or leaves by _exit. */
typedef void ZygoteWork(int memory, PoolControl *pool, uint32_t region);

/*
 * Serves the host at the other end of `socket` until the host ends or sends MESSAGE_END; then all workers
 * have been killed. To be called once, in a process without threads that was made for this: closes every
 * other descriptor. Returns the exit status.
 */
int zygote_run(int socket, ZygoteWork *work);

/* Sends the host an error message when the zygote could not be created: the failed call and its errno. */
void zygote_decline(int socket, const char *what, int error);

#endif
