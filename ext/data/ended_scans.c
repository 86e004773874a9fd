#include "ext/data/ended_scans.h"

void ended_scans_add(EndedScans *ended, uint64_t scan)
{
    uint64_t count = atomic_load(&ended->count);
    atomic_store(&ended->scans[count % ENDED_SCANS], scan);
    atomic_store(&ended->count, count + 1);
}

bool ended_scans_next(EndedScans *ended, uint64_t *closed, uint64_t *scan)
{
    if (atomic_load(&ended->count) == *closed)
        return false;
    uint64_t next = atomic_load(&ended->scans[*closed % ENDED_SCANS]);
    /* The host writes a number before it counts that scan: what was just read is the right one only while
       fewer than ENDED_SCANS scans have followed. */
    uint64_t count = atomic_load(&ended->count);
    bool missed = count - *closed >= ENDED_SCANS;
    *scan = missed ? 0 : next;
    *closed = missed ? count : *closed + 1;
    return true;
}

bool ended_scans_any(EndedScans *ended, uint64_t closed, uint64_t last_scan)
{
    uint64_t scan;
    while (last_scan && ended_scans_next(ended, &closed, &scan))
        if (scan <= last_scan)
            return true;
    return false;
}
