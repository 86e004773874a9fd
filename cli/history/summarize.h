/* The summaries of measurements in the history. */
#ifndef PRICEREPORT_SUMMARIZE_H
#define PRICEREPORT_SUMMARIZE_H

#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"
#include "cli/statistics/statistics.h"

/* Sets the summary of a measurement, the rows of one execution (negative: not known) and why its sampling
 * stopped (NULL: not known). Part of the caller's transaction. */
int summary_record(sqlite3 *db, int64_t measurement, const Summary *summary, int64_t rows,
                   const char *stopped, Failure *failure);

/* Summarizes a measurement anew from its recorded samples; for one that was not measured here, so that its
 * rows and the reason of its end are not known. Part of the caller's transaction. */
int summarize_measurement(sqlite3 *db, int64_t measurement, Failure *failure);

#endif
