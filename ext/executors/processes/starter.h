/* The process that launch_program starts, a child of the host, until it has ended. */
#ifndef PRICEMAP_STARTER_H
#define PRICEMAP_STARTER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Waits for the end of the process, which the host may have reaped itself; `kill_it`: it is killed, as it may
 * not end by itself. Closes its pidfd (-1: none) and forgets both; a *pid of 0 is none.
 */
void starter_reap(pid_t *pid, int *process, bool kill_it);

#endif
