/*
 * The zygote: the small, single-threaded process that forks the workers of one pool, watches them, reports
 * how they ended, and kills them. It is no child of the host and in no session with it; it goes when the host
 * does.
 *
 * It never waits for anybody but in poll(): what the host has no room for just now is kept and told later.
 */
#ifndef PRICEMAP_ZYGOTE_H
#define PRICEMAP_ZYGOTE_H

#include "ext/channel/layout.h"

/* What a forked worker gets. It is to run until it is killed, and to leave by _exit if it must. */
typedef void ZygoteWork(int memory, PoolControl *pool, uint32_t region);

/*
 * Serves the host at the other end of `socket` until it goes or says so; then all workers have been killed.
 * To be called once, in a process without threads that was made for it: closes every other descriptor.
 * Returns the exit status.
 */
int zygote_run(int socket, ZygoteWork *work);

/* Tells the host, in place of a zygote that could not come to be, why not. */
void zygote_decline(int socket, const char *what, int error);

#endif
