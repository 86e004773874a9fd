/* A program that the bench starts as a host of its own, and talks with by lines. One thread. */
#ifndef BENCH_HOST_PROCESS_H
#define BENCH_HOST_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

#include "cli/base/failure.h"

typedef struct HostProcess {
    pid_t pid;  /* 0: none */
    int socket; /* its standard input and output */
} HostProcess;

/* Starts argv[0], with no signal blocked. 0; or -1 with the failure set and nothing to end. */
int host_process_start(HostProcess *host, char *const argv[], Failure *failure);

/* Sends a line, and takes the one that comes back without its newline; `question` NULL: only takes one. */
int host_process_ask(HostProcess *host, const char *question, char *answer, size_t size, Failure *failure);

/* SIGKILL, and waits for its end. */
void host_process_kill(HostProcess *host);

/* Closes its input and waits for it to end by itself. May be called on a zeroed one, and twice. */
void host_process_end(HostProcess *host);

#endif
