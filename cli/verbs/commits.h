/* pricereport run --commits: commands over the commits of a range. */
#ifndef PRICEREPORT_COMMITS_H
#define PRICEREPORT_COMMITS_H

#include "cli/measure/commands.h"
#include "cli/options/options.h"
#include "cli/sampling/command_bench.h"

/* Checks the options that go with --commits; ends the process where they are used wrongly. */
void commits_check(struct argp_state *state, const Options *options);

/* Measures the commands of the set, each commit of the range in a work tree of its own, and prints a summary.
 * Returns an exit status. */
int commits_perform(const Options *options, const CommandBenchPlan *plan, const CommandSet *set);

#endif
