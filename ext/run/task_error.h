/* The texts of the errors that the tasks of a map end with, where they say more than the worker's own
 * message. */
#ifndef PRICEMAP_TASK_ERROR_H
#define PRICEMAP_TASK_ERROR_H

#include "ext/data/task.h"
#include "ext/executors/kinds.h"

/* All texts are sqlite3_malloc'd, NULL when out of memory. */

/* For a task in which a function of the map was refused a statement of its own. `why_fed`: why workers read
 * no table themselves, or NULL. */
char *task_error_refused(const TaskReport *report, const char *why_fed);

/* Whether workers of this kind lack something that the map needs and the host has. */
bool task_error_is_lacking(const TaskReport *report, const ExecutorKind *kind);

/* For such a task: what the workers lack, and what to do. */
char *task_error_lacking(const TaskReport *report);

/* For a row that failed in a range, of which the worker does not know the position in the source. `position`:
 * the row's, from 1, where it is known; 0: the rowid names the row. */
char *task_error_in_range(const Task *task, int64_t position);

#endif
