/* The summary of a measurement, made anew from the samples that are recorded. */
#ifndef PRICEREPORT_SUMMARIZE_H
#define PRICEREPORT_SUMMARIZE_H

#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* For a measurement whose samples did not come from here: what it has of rows and of why it stopped is
 * cleared. Part of the caller's transaction. */
int summarize_measurement(sqlite3 *db, int64_t measurement, Failure *failure);

#endif
