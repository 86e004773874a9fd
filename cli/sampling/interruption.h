/* Ctrl-C and its like, while something is measured: the measuring is told to stop, so that what was measured
 * is kept. SIGINT, SIGTERM and SIGHUP count, but for those that the process was started with as ignored.
 *
 * A second such signal ends the process at once, as it would without this. One interruption at a time. */
#ifndef PRICEREPORT_INTERRUPTION_H
#define PRICEREPORT_INTERRUPTION_H

#include <stdbool.h>

#include "cli/base/failure.h"

typedef struct Interruption Interruption;

/* From here on the signals are blocked in this thread and those it creates, and watched by a thread of its
 * own. To be called before anything starts threads. Returns 0, or -1 with the failure set and NULL. */
int interruption_begin(Interruption **interruption, Failure *failure);

/* Sets what stops that which is going on: called on the watching thread once the signal came, and again ten
 * times a second until it is replaced, since it may come before there is something to stop. NULL for nothing;
 * when this returns, the function set before does not run any more. */
void interruption_set_stop(Interruption *interruption, void (*stop)(void *context), void *context);

/* Whether the signal came. */
bool interruption_requested(Interruption *interruption);

/* Ends the watching, and unblocks the signals. Sets the pointer to NULL; NULL is allowed. */
void interruption_end(Interruption **interruption);

#endif
