/* Commands to be timed: any programs, started again for every sample.
 *
 * Commands are started by a launcher, a child process that is forked while this process is still small:
 * Linux counts the memory of the process that starts a program as the program's own peak, so that a large one
 * would hide what a small command needs. */
#ifndef PRICEREPORT_COMMAND_BENCH_H
#define PRICEREPORT_COMMAND_BENCH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/base/failure.h"
#include "cli/sampling/command_metrics.h"
#include "cli/sampling/sampling.h"

typedef struct CommandBench CommandBench;

/* Parts of a job, and when they are executed. */
typedef enum CommandStep {
    /* Once before anything is sampled. */
    COMMAND_SETUP,
    /* Before every execution of the command, untimed. */
    COMMAND_PREPARE,
    /* The command that is timed. */
    COMMAND_TIMED,
    /* After every execution of the command, untimed. */
    COMMAND_CONCLUDE,
    /* Once after everything is sampled, also where that failed. */
    COMMAND_CLEANUP,
    COMMAND_STEPS,
} CommandStep;

typedef struct CommandProgram {
    /* Text by which messages name it; NULL: there is none. */
    const char *text;
    /* Program, searched in PATH, and its arguments; ends with NULL. */
    char *const *argv;
} CommandProgram;

/* A command to time, and what belongs to it. */
typedef struct CommandJob {
    CommandProgram steps[COMMAND_STEPS];
} CommandJob;

/* The jobs and their texts belong to the caller and outlive the bench. */
typedef struct CommandBenchPlan {
    const CommandJob *jobs;
    size_t count;
    /* Folder in which all is executed, which need not be there yet; NULL: the current one. */
    const char *folder;
    /* Signal mask of commands; NULL: that of the thread that opens the bench. */
    const sigset_t *mask;
    /* Files that timed commands read as their input, and write their output to, each execution anew; NULL:
     * the input is empty, the output dropped. */
    const char *input, *output;
    /* Whether the output is shown instead. */
    bool show_output;
    /* Whether an exit status other than 0, or a signal, of a timed command is no failure. */
    bool ignore_failure;
    /* Metrics of every execution, beside its time; where one is printed, output is caught, not shown. */
    const CommandMetric *metrics;
    size_t metric_count;
} CommandBenchPlan;

/* Starts the launcher. To be called early, before files and connections are opened, and before threads are
 * started. Returns 0, or -1 with the failure set and NULL. */
int command_bench_open(CommandBench **bench, const CommandBenchPlan *plan, Failure *failure);

/* Ends the launcher. Sets the pointer to NULL; NULL is allowed. */
void command_bench_close(CommandBench **bench);

/* Executes this step, COMMAND_SETUP or COMMAND_CLEANUP, of every job; what is the same text for several is
 * executed once. The first failure ends the setup; a cleanup goes on. Returns 0, or -1 with the first failure
 * set. */
int command_bench_perform(CommandBench *bench, CommandStep step, Failure *failure);

/* A command as something to be sampled, valid until the bench is closed. Every sample has its own user and
 * system time and peak memory, of the command and of what it waited for. A loop is one execution; with
 * several, the peak is the greatest. */
SamplingSubject command_bench_subject(CommandBench *bench, size_t job);

/* The metrics' figures of the newest sample, in the order of the plan; NAN: the sample has none. Valid until
 * the next one. */
const double *command_bench_figures(void *bench);

/* How many executions of a timed command failed, of how many, the warm-up included; and the wait status of
 * the last that did. */
typedef struct CommandFailures {
    int64_t failed, executions;
    int status;
} CommandFailures;

/* The failures of a job so far, which ignore_failure lets pass. */
CommandFailures command_bench_failures(const CommandBench *bench, size_t job);

/* Ends the execution that is going on, if there is one, with SIGTERM. May be called on any thread. */
void command_bench_stop(void *bench);

/* The command as one text that a shell would read as it, to be freed; NULL when out of memory. */
char *command_bench_text(char *const *argv);

#endif
