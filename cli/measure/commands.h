/* Commands as the user wishes them, and the jobs that come of it: every command with every combination of the
 * parameters. */
#ifndef PRICEREPORT_COMMANDS_H
#define PRICEREPORT_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/base/failure.h"
#include "cli/sampling/command_bench.h"

enum { COMMANDS_MAX = 64, COMMAND_PARAMETERS_MAX = 8, COMMAND_JOBS_MAX = 1000 };

/* Texts that go with the commands: one for each, or one for all. */
typedef struct CommandTexts {
    const char *texts[COMMANDS_MAX];
    size_t count;
} CommandTexts;

/* A parameter: {name} in a command stands for each of the values in turn. */
typedef struct CommandParameter {
    /* Name, to be freed. */
    char *name;
    /* Values, in a block to be freed. */
    char **values;
    size_t count;
} CommandParameter;

/* Wish of the user, as options gave it. The texts are those of the command line. */
typedef struct CommandWish {
    /* Program and its arguments, ends with NULL; NULL: no such command. */
    char *const *argv;
    /* Commands that a shell reads, and the names of all benchmarks. */
    CommandTexts commands, names;
    /* Texts of the steps; that of COMMAND_TIMED is not used. */
    CommandTexts steps[COMMAND_STEPS];
    /* Shell that reads the commands, with its arguments; "none": no shell does; NULL: /bin/sh. */
    const char *shell;
    CommandParameter parameters[COMMAND_PARAMETERS_MAX];
    size_t parameter_count;
    /* Files of CommandBenchPlan; NULL: not given. */
    const char *input, *output;
    bool show_output, ignore_failure;
    /* Metrics, to be freed one by one. */
    CommandMetric metrics[COMMAND_METRICS_MAX];
    size_t metric_count;
} CommandWish;

typedef struct CommandSet CommandSet;

/* Whether the wish is one for commands. */
bool commands_wished(const CommandWish *wish);

/* Makes the jobs. Returns 0; or an exit status with the failure set and NULL: EXIT_USAGE where the wish
 * cannot be met, else EXIT_FAILED. The wish outlives the set. */
int commands_expand(const CommandWish *wish, CommandSet **set, Failure *failure);

/* Sets the pointer to NULL. NULL is allowed. */
void commands_free(CommandSet **set);

/* The jobs, as many as commands_count says; they live as long as the set. */
const CommandJob *commands_jobs(const CommandSet *set);
size_t commands_count(const CommandSet *set);

/* The wish that the set was made of. */
const CommandWish *commands_wish(const CommandSet *set);

/* The name of the benchmark of a job; no two are the same. */
const char *commands_name(const CommandSet *set, size_t job);

/* Whether the user gave that name: the command may change then, and its history goes on. */
bool commands_is_named(const CommandSet *set, size_t job);

#endif
