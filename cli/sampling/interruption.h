/* Ends a measurement at SIGINT, SIGTERM or SIGHUP, so that what was measured is kept. Signals that the
 * process was started with as ignored stay ignored. A second such signal ends the process at once. There is
 * one Interruption at a time. */
#ifndef PRICEREPORT_INTERRUPTION_H
#define PRICEREPORT_INTERRUPTION_H

#include <signal.h>
#include <stdbool.h>

#include "cli/base/failure.h"

typedef struct Interruption Interruption;

/* Blocks the signals in this thread and those that it creates, and starts a thread that waits for them. To be
 * called before anything starts threads. Returns 0, or -1 with the failure set and NULL. */
int interruption_begin(Interruption **interruption, Failure *failure);

/* Registers the function that stops the current work; NULL: none. The watching thread calls it when the
 * signal came, and again ten times a second until it is replaced, because the signal may come before the work
 * has begun. When this returns, the function registered before does not run any more. */
void interruption_set_stop(Interruption *interruption, void (*stop)(void *context), void *context);

/* Whether the signal came. */
bool interruption_requested(Interruption *interruption);

/* The signal mask that the thread had before; valid until the end. Processes that are started meanwhile
 * inherit the one with the blocked signals, and need this one. */
const sigset_t *interruption_previous_mask(const Interruption *interruption);

/* Ends the watching, and unblocks the signals. Sets the pointer to NULL; NULL is allowed. */
void interruption_end(Interruption **interruption);

#endif
