/*
 * The partition scans that have ended, as the host announces them to workers, which then close the files.
 * Plain data with one writer, the host; for worker processes it lies in shared memory. Workers read without a
 * lock.
 */
#ifndef PRICEMAP_ENDED_SCANS_H
#define PRICEMAP_ENDED_SCANS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Scans that are remembered. A worker that missed more closes all that it has open. */
enum { ENDED_SCANS = 16 };

typedef struct EndedScans {
    /* Number of scans that have ended. */
    atomic_ullong count;
    /* Numbers of the last scans, each at its count modulo ENDED_SCANS. */
    atomic_ullong scans[ENDED_SCANS];
} EndedScans;

/* Announces the end of a scan. The host alone calls this. */
void ended_scans_add(EndedScans *ended, uint64_t scan);

/*
 * The next scan to close for a worker that has closed *closed of them. True: *scan is its number, or 0 where
 * all scans are to be closed, and *closed becomes the count after that. False: there is none.
 */
bool ended_scans_next(EndedScans *ended, uint64_t *closed, uint64_t *scan);

/* Whether a worker that has closed `closed` of them has one to close: scans have growing numbers, and the
   worker has had tasks of none after `last_scan` (0: of none at all). */
bool ended_scans_any(EndedScans *ended, uint64_t closed, uint64_t last_scan);

#endif
