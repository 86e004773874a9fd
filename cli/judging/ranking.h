/* The commands of one run beside each other: by how much the fastest is ahead, and by each metric the best.
 */
#ifndef PRICEREPORT_RANKING_H
#define PRICEREPORT_RANKING_H

#include <stdint.h>
#include <stdio.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* Prints, for each command of the run but the fastest, a line with the ratio of the medians and the 95 %
 * interval of that ratio; then the same for each metric and the command that has the best figure. Nothing
 * where the run timed fewer than two commands, or none. Returns 0, or -1 with the failure set. */
int ranking_print(sqlite3 *db, int64_t run, FILE *file, Failure *failure);

#endif
