/* Runs by ranges: of numbers, or of commits. */
#ifndef PRICEREPORT_RUN_RANGE_H
#define PRICEREPORT_RUN_RANGE_H

#include "cli/base/failure.h"
#include "cli/history/history.h"

/* Fills temp.range_run with the runs of the range A..B: where its ends are numbers, from one to the other,
 * both included; else those of the commits that git reaches from B and not from A. Runs that are passed over
 * are left out. Returns 0, or -1 with the failure set, where there is none, too. */
int run_range_find(History *history, const char *text, Failure *failure);

/* Fills temp.range_commit with the commits of a list, one a line. Returns 0, or -1 with the failure set. */
int run_range_commits(History *history, char *list, Failure *failure);

#endif
