/* The part of the history that a call is about: the runs of a branch, or of a range of commits. The others
 * are passed over wherever runs are chosen, listed or judged: they are in the temporary table passed_over,
 * which every connection of history_open has. */
#ifndef PRICEREPORT_RUN_SELECTION_H
#define PRICEREPORT_RUN_SELECTION_H

#include "cli/base/failure.h"
#include "cli/history/history.h"

/* Texts of the user; NULL: not given. */
typedef struct RunSelection {
    /* Branch, or another name of a commit: the runs of its commits count. A run whose commit git does not
     * know counts by the name that was recorded. */
    const char *branch;
    /* Range A..B, or one commit. */
    const char *commits;
} RunSelection;

/* Passes over all runs but those of the selection. Returns 0, or -1 with the failure set: a name that is not
 * known, or nothing is left. */
int run_selection_apply(History *history, const RunSelection *selection, Failure *failure);

#endif
