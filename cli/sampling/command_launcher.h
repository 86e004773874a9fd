/* The launcher: the small process that starts commands and waits for them, one at a time, as requests come.
 */
#ifndef PRICEREPORT_COMMAND_LAUNCHER_H
#define PRICEREPORT_COMMAND_LAUNCHER_H

#include <stddef.h>
#include <stdint.h>

#include "cli/sampling/command_bench.h"

/* A request to the launcher: which step of which job shall be executed once. */
typedef struct CommandRequest {
    size_t job;
    CommandStep step;
} CommandRequest;

/* The launcher's answer to a request: the figures of one execution. */
typedef struct CommandExecution {
    /* Error number of starting the program; 0: it ran. */
    int error;
    /* Status as wait4 gives it. */
    int status;
    int64_t wall_ns, user_ns, system_ns, peak_memory_kib;
} CommandExecution;

/* The life of the launcher, for a process that was just forked; ends it when the other end of the socket is
 * closed. `captured` is a memory file for what timed commands print; -1: none is wanted. */
void command_launcher_serve(int socket, const CommandBenchPlan *plan, int captured) __attribute__((noreturn));

#endif
