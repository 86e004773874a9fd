/* Records which worker of which machine evaluated which chunk, and when: the tasks of one map, for the chart
 * `timeline`. */
#ifndef PRICEREPORT_TASK_RECORDER_H
#define PRICEREPORT_TASK_RECORDER_H

#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* Of one map; those after them are only counted. */
enum { RECORDED_TASKS_MAX = 2000 };

/* Copies the tasks of one map of `mapped`, a connection with the extension, into the history as those of
 * `measurement`, in one transaction: of the maps like its newest the one that took most nearly
 * `median_seconds`, so that what is shown is no exception. What was recorded for it before is replaced.
 * Returns 0, or -1 with the failure set and nothing changed. */
int task_recorder_record(sqlite3 *history, int64_t measurement, double median_seconds, sqlite3 *mapped,
                         Failure *failure);

#endif
