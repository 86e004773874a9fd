/* Brings histories together that were recorded on different machines, or apart. */
#ifndef PRICEREPORT_MERGER_H
#define PRICEREPORT_MERGER_H

#include "cli/base/failure.h"
#include "cli/history/history.h"

/* To be called once before the first merge on this connection. */
int merger_begin(History *history, Failure *failure);

/* Takes everything of the other file that is not there yet into the history, in one transaction; the other
 * file is only read, also when its schema is older. What came of it is added to the temporary table `outcome`
 * of the history's connection. Returns 0, or -1 with a failure that names the file, and nothing changed. */
int merger_merge(History *history, const char *file, Failure *failure);

#endif
