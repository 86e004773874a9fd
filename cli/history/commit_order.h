/* The order of runs by their commits, as the git work tree of the current folder has them: which runs are of
 * ancestors, however late they were measured. Lives in temporary tables of the connection
 * (sql/history/commit_order.sql), which are empty outside a work tree; then all goes by time. */
#ifndef PRICEREPORT_COMMIT_ORDER_H
#define PRICEREPORT_COMMIT_ORDER_H

#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* Fills temp.run_place with the position of every run, after those of its commit's ancestors. A run whose
 * commit is not known here, or that has none, goes by its time. Returns 0, or -1 with the failure set. */
int commit_order_read(sqlite3 *db, Failure *failure);

/* Fills temp.known_commit with the commits that git knows, and the distance of those that are the run's
 * commit (0) or its ancestors; empty where git does not know the run's commit. Returns as above. */
int commit_order_ancestors(sqlite3 *db, int64_t run, Failure *failure);

#endif
