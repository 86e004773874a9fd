/* A command to be timed: any program, started again for every sample.
 *
 * The command is started by a launcher, a child process that is forked while this process is still small:
 * Linux counts the memory of the process that starts a program as the program's own peak, so that a large one
 * would hide what a small command needs. */
#ifndef PRICEREPORT_COMMAND_BENCH_H
#define PRICEREPORT_COMMAND_BENCH_H

#include <stdbool.h>

#include "cli/base/failure.h"
#include "cli/sampling/sampling.h"

typedef struct CommandBench CommandBench;

/* A command to time. The texts belong to the caller and outlive the bench. */
typedef struct CommandJob {
    /* Program, searched in PATH, and its arguments; ends with NULL. */
    char *const *argv;
    /* Whether the output is shown; else it goes to /dev/null. The input is empty either way. */
    bool show_output;
    /* Whether an exit status other than 0, or a signal, is no failure. */
    bool ignore_failure;
} CommandJob;

/* Starts the launcher. To be called early, before files and connections are opened, and before threads are
 * started. Returns 0, or -1 with the failure set and NULL. */
int command_bench_open(CommandBench **bench, const CommandJob *job, Failure *failure);

/* Ends the launcher. Sets the pointer to NULL; NULL is allowed. */
void command_bench_close(CommandBench **bench);

/* The command as something to be sampled, valid until the bench is closed. Every sample has its own user and
 * system time and peak memory, of the command and of what it waited for. A loop is one execution; with
 * several, the peak is the greatest. */
SamplingSubject command_bench_subject(CommandBench *bench);

/* Ends the execution that is going on, if there is one, with SIGTERM. May be called on any thread. */
void command_bench_stop(void *bench);

/* The command as one text that a shell would read as it, to be freed; NULL when out of memory. */
char *command_bench_text(char *const *argv);

#endif
