/* Fills a table with the values of a map, in batches that are each a transaction, so that a run that was
 * killed can be gone on with. */
#ifndef PRICEREPORT_FILLING_H
#define PRICEREPORT_FILLING_H

#include <stdbool.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"
#include "cli/sampling/interruption.h"

typedef struct FillPlan {
    /* Table with rowids that is mapped, and the one that is filled, as the user names them. */
    const char *source, *into;
    const char *map, *executor;
    /* Number of workers, and rows of a task; 0: chosen by the extension. */
    int64_t workers, chunk;
    /* Whether a table that an earlier run began is gone on with. */
    bool resume;
} FillPlan;

/* Creates the table (key, value) in the connection's file where it is not there, and maps the rows that come
 * after the last one it has. The connection may write, has the extension, and is used by no other thread but
 * to interrupt it. An interruption ends the work after what was committed. Standard error
 * says where the rows that were mapped before changed since. Where it is a terminal, a line shows rate and
 * time left.
 *
 * Returns 0, and temp.filled has one row with what was done; or -1 with the failure set: what was committed
 * is kept. */
int fill(sqlite3 *db, const FillPlan *plan, Interruption *interruption, Failure *failure);

#endif
