/* Parameter scans: every combination of what was asked for, as jobs to be timed. */
#ifndef PRICEREPORT_SCAN_H
#define PRICEREPORT_SCAN_H

#include <argp.h>
#include <stddef.h>

#include "cli/base/failure.h"
#include "cli/sampling/map_bench.h"
#include "cli/options/options.h"

/* What is mapped by all of them. A map with MAP_ROUNDS is scanned over the rounds, too. */
typedef struct ScanMap {
    const char *name;
    const char *source;
    const char *map;
} ScanMap;

/* --executor, --workers, --chunk, --rows and --rounds, as a child for a verb's parser. */
extern const struct argp options_scan;

/* The jobs in the order of the maps, rounds, rows, executors, workers and chunks; for serial, workers mean
 * nothing. Without --executor there are serial, threads and processes. Returns 0 and the jobs, to be freed,
 * or -1 with the failure set: there may be too many. */
int scan_jobs(const Options *options, const ScanMap *maps, size_t map_count, MapJob **jobs, size_t *count,
              Failure *failure);

/* The greatest number of rows that was asked for; 0 for none. */
int64_t scan_most_rows(const Options *options);

#endif
