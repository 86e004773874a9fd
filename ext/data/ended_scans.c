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
    /* The host writes a scan's number in the place of the one that ended ENDED_SCANS scans before, and counts
       the scan after that. So the number that was just read is right as long as fewer than ENDED_SCANS scans
       are counted, this one and all later ones. */
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
