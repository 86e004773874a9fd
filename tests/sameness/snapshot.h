/* One snapshot: while a writer moves amounts between rows and commits, every map's sum is the same. */
#ifndef SAMENESS_SNAPSHOT_H
#define SAMENESS_SNAPSHOT_H

#include <stdint.h>

#include "run_counts.h"

#define SNAPSHOT_FILE "snapshot.db"

/*
 * Takes `count` sums by random executors, half of them in WAL and half in rollback-journal mode, over
 * SNAPSHOT_FILE in the current folder, which is left there. Adds to *sums, *findings and *runs; what was
 * wrong goes to standard output. 0, or -1 with the reason on standard error.
 */
int snapshot_run(const char *extension, uint64_t seed, int count, long *sums, int *findings, RunCounts *runs);

#endif
