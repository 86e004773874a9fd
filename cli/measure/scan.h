/* Parameter scans: every combination of the given parameters, as jobs to be timed. */
#ifndef PRICEREPORT_SCAN_H
#define PRICEREPORT_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/sampling/map_bench.h"

enum { LIST_MAX = 64, SCAN_EXECUTORS_MAX = 16 };

typedef struct NumberList {
    int64_t numbers[LIST_MAX];
    size_t count;
} NumberList;

/* Parameters that are varied; an empty list stands for the default. */
typedef struct Scan {
    const char *executors[SCAN_EXECUTORS_MAX];
    size_t executor_count;
    NumberList workers, chunks, rows, rounds;
} Scan;

/* A map or a query that all combinations are of. A map with MAP_ROUNDS is scanned over the rounds, too. */
typedef struct ScanMap {
    const char *name;
    const char *source;
    const char *map;
    /* SELECT; NULL: a map, which alone has the two above. */
    const char *query;
} ScanMap;

/* The jobs in the order of the maps, rounds, rows, executors, workers and chunks; for serial, workers mean
 * nothing. Without executors there are those of the experiment. Returns 0 and the jobs, to be freed,
 * or -1 with the failure set: there may be too many. */
int scan_jobs(const Scan *scan, const ScanMap *maps, size_t map_count, MapJob **jobs, size_t *count,
              Failure *failure);

/* The greatest number of rows in the scan; 0 for none. */
int64_t scan_most_rows(const Scan *scan);

#endif
