/*
 * The shared memory as a whole, and one channel in it as one process maps it: the host maps the channel of
 * each of its workers, a worker maps its own. layout.h says what is where.
 */
#ifndef PRICEMAP_CHANNEL_H
#define PRICEMAP_CHANNEL_H

#include "ext/channel/layout.h"
#include "ext/channel/window.h"

typedef struct Channel {
    /* Shared part of the channel. The host relies on nothing in it: a worker may write anything. */
    ChannelControl *control;
    uint32_t region;
    /* Windows of each slot, which are mapped as they are used. */
    Window inputs[CHANNEL_SLOTS], outputs[CHANNEL_SLOTS];
} Channel;

/* Makes the shared memory, empty. Returns a descriptor, 3 or greater, close on exec (close it); or minus an
   errno: EFBIG when the limit on file sizes (ulimit -f) forbids it. */
int channel_memory_create(void);

/* Maps the channel in a region whose control has memory. SQLITE_OK, or SQLITE_NOMEM and errno says why. Unmap
   it with channel_unmap. */
int channel_map(Channel *channel, int memory, uint32_t region);

/* Unmaps the channel. Unless `memory` is -1, gives back all memory of its region, which no process may use
   any more. */
void channel_unmap(Channel *channel, int memory);

#endif
