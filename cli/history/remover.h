/* Removes runs from the history, with all that is theirs. */
#ifndef PRICEREPORT_REMOVER_H
#define PRICEREPORT_REMOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"

/* Rules by which runs are old enough to go; a run goes where all that are given say so. */
typedef struct RemoverRules {
    /* Newest measurements of each benchmark on each machine whose runs stay; -1: not given. */
    int64_t keep;
    /* Days since the start of a run after which it goes; -1: not given. */
    int64_t days;
} RemoverRules;

/* Begins with no run chosen; once per connection. Like all below, it returns 0, or -1 with the failure set.
 */
int remover_begin(History *history, Failure *failure);

/* Chooses a run, and those that repeat it. */
int remover_choose(History *history, int64_t run, Failure *failure);

/* Chooses the runs that the rules name. Runs that are unfinished or acknowledged stay unless `force`. */
int remover_choose_old(History *history, const RemoverRules *rules, bool force, Failure *failure);

/* Removes the chosen runs, all or none. Fails where one of them is unfinished or acknowledged, unless
 * `force`. The rows of temp.removed stay, to be printed. */
int remover_remove(History *history, bool force, Failure *failure);

#endif
