/* Measures a recorded run once more. */
#ifndef PRICEREPORT_REMEASURE_H
#define PRICEREPORT_REMEASURE_H

#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"

/* Finds the run that repeats `run`; where there is none yet, starts this program again with the command line
 * that was recorded, from the current folder, and waits for it. The new run is recorded as a repetition.
 *
 * Returns 0 and the repetition, or -1 with a failure that says why it cannot be: it was not measured here,
 * the machine or the commit has changed since, or measuring failed. */
int remeasure(History *history, int64_t run, int64_t *repetition, Failure *failure);

#endif
