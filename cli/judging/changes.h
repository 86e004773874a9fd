/* The change points of benchmarks over the recorded runs. */
#ifndef PRICEREPORT_CHANGES_H
#define PRICEREPORT_CHANGES_H

#include <sqlite3.h>

#include "cli/base/failure.h"

/* Finds the change points in the medians of the chosen benchmarks (benchmark_choice.h), on each machine by
 * itself and without excluded figures, and writes them into the temporary table `change`, which has views
 * (sql/judging/changes_setup.sql). The least change of a benchmark is its threshold. Returns 0, or -1 with
 * the failure set. */
int changes_find(sqlite3 *db, Failure *failure);

#endif
