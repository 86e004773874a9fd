/*
 * The zygote: the small, single-threaded process that forks the workers of one pool, watches them, reports
 * how they ended, and kills them. The zygote is neither a child of the host nor in a session with it, and
 * ends when the host does.
 *
 * The zygote waits in poll() alone: a message that the host has no room for just now is kept and sent later.
 */
#ifndef PRICEMAP_ZYGOTE_H
#define PRICEMAP_ZYGOTE_H

#include <stdbool.h>

#include "ext/channel/layout.h"

/* The life of a forked worker: runs until the worker is killed, or leaves by _exit. */
typedef void ZygoteWork(int memory, PoolControl *pool, uint32_t region);

/* The work of a zygote's processes: the worker's life, and functions that their language needs around each
   fork; NULL: none. */
typedef struct ZygoteRole {
    ZygoteWork *work;
    void (*before_fork)(void);
    /* Function to be called on both sides after a fork, also after one that failed; `child`: the worker's. */
    void (*after_fork)(bool child);
} ZygoteRole;

/*
 * Serves the host at the other end of `socket` until the host ends or sends MESSAGE_END; then all workers
 * have been killed. To be called once, in a process without threads that was made for this: closes every
 * other descriptor. Returns the exit status.
 */
int zygote_run(int socket, ZygoteWork *work);

/*
 * The two halves of zygote_run, for a program that has something to prepare between them: the process begins
 * a session of its own and closes every descriptor beside `socket`; and serves the host.
 */
void zygote_leave_host(int socket);
int zygote_serve(int socket, const ZygoteRole *role);

/* Sends the host an error message where the program could not prepare what its workers need. */
void zygote_refuse(int socket, const char *text);

/* Sends the host an error message when the zygote could not be created: the failed call and its errno. */
void zygote_decline(int socket, const char *what, int error);

#endif
