/* What the verbs that need the history do around their own work. */
#ifndef PRICEREPORT_ON_HISTORY_H
#define PRICEREPORT_ON_HISTORY_H

#include "cli/base/failure.h"
#include "cli/history/history.h"
#include "cli/options/options.h"

/* A verb's own work: returns the exit status, or -1 with the failure set. `context` is what the verb gave. */
typedef int HistoryWork(History *history, const Options *options, const void *context, Failure *failure);

/* Opens the history that the options name, does the work, sees to it that what was printed arrived, and
 * closes it. Prints the failure, if there is one. Returns the exit status. */
int on_history(const Options *options, HistoryMode mode, HistoryWork *work, const void *context);

#endif
