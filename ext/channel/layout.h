/*
 * The layout of the memory that the host shares with its worker processes: one block without a name (a
 * memfd), which both sides map. Host and workers are built from this file.
 *
 *   region 0: PoolControl
 *   region n: ChannelControl | input and output window of each slot, far apart
 *
 * A region is the channel of one worker process, and never of a second one: what a dying process still writes
 * goes where no process reads any more. Regions and windows are so far apart that each can grow in place.
 * Memory is taken only for what is used, and taken (fallocate) before it is written, so that a lack of memory
 * is an error and not a SIGBUS. The size of the whole is fixed and sealed.
 *
 * Host and workers share no lock. Each field has one writer at a time, and a slot's state says which:
 *
 *   FREE (host) → QUEUED (worker) → RUNNING (worker) → DONE (host) → FREE;  QUEUED → FREE when the host
 * withdraws the task
 */
#ifndef PRICEMAP_LAYOUT_H
#define PRICEMAP_LAYOUT_H

#include <stdatomic.h>
#include <stdint.h>

#include "ext/base/limits.h"
#include "ext/channel/bell.h"
#include "ext/data/ended_scans.h"
#include "ext/data/task.h"

enum {
    /* Tasks that one worker holds: the depth of several runs. */
    CHANNEL_SLOTS = 8,
    /* Bytes of a window that keep their memory while its slot is free. */
    CHANNEL_KEEP_BYTES = 4 << 20,
};

#define CHANNEL_WINDOW_BYTES ((uint64_t)1 << 36)
#define CHANNEL_REGION_BYTES ((uint64_t)1 << 41)
#define CHANNEL_REGIONS ((uint32_t)1 << 20)

typedef struct PoolControl {
    /* The host's bell, rung by workers and by the zygote. */
    Bell bell;
    /* Time of clock_ns() from which the pool has been idle for too long and the zygote ends; 0: the pool is
       in use. The host's. */
    atomic_llong idle_end_ns;
    /* Partition scans that have ended. The host's. */
    EndedScans ended;
    /* Name of the slot that the host waits for, by channel_slot_name: others need not wake the host; 0: any.
       The host's. */
    atomic_ullong awaited;
    /* Whether workers may poll for a next task for a moment before they sleep. The host's. */
    atomic_uint may_spin;
    /* Number of times that the zygote had messages for the host. The zygote's. */
    atomic_uint zygote_news;
    /* Workers that have a slot DONE of which the host does not know yet, a bit each by their index: set by
       the worker, cleared by the host. A hint that spares the host checking all workers. */
    atomic_ullong done[EXECUTOR_WORKERS_MAX / 64];
} PoolControl;

typedef enum SlotState { SLOT_FREE, SLOT_QUEUED, SLOT_RUNNING, SLOT_DONE } SlotState;

/* The shared part of one slot. */
typedef struct ChannelSlot {
    /* State of the slot, a SlotState; fields up to `control` are the host's before QUEUED, the others the
       worker's before DONE. */
    _Alignas(64) atomic_uint state;
    /* Number of the task in its channel; a worker takes the least one first. */
    uint64_t sequence;
    uint64_t recipe_size;
    uint64_t input_size;
    TaskOrder order;
    TaskControl control;
    /* Bytes of the output window that have memory; the host lowers the number in a free slot. */
    atomic_ullong output_reserved;
    uint64_t output_size;
    /* Time of clock_ns() when the worker began the task; 0 before RUNNING. */
    atomic_llong started_ns;
    TaskReport report;
} ChannelSlot;

/* The shared part of one channel. */
typedef struct ChannelControl {
    /* The worker's bell, rung by the host. */
    Bell bell;
    atomic_int pid;
    /* Index of the worker in the pool. The host's, before the worker is forked. */
    uint32_t index;
    /* Whether the worker has come so far that it takes tasks. */
    atomic_uint ready;
    /* Ended scans whose files the worker has closed, counted as in EndedScans. The worker's. */
    atomic_ullong closed_scans;
    ChannelSlot slots[CHANNEL_SLOTS];
} ChannelControl;

/* Fingerprint of this layout. Two builds whose layouts differ refuse each other by this number, even where
   the number of the protocol was not raised. */
#define CHANNEL_LAYOUT ((uint32_t)((sizeof(ChannelControl) * 31 + sizeof(PoolControl)) * 31 + sizeof(Recipe)))

static inline uint64_t channel_region_offset(uint32_t region)
{
    return region * CHANNEL_REGION_BYTES;
}

static inline uint64_t channel_input_offset(uint32_t region, int slot)
{
    return channel_region_offset(region) + (1 + 2 * (uint64_t)slot) * CHANNEL_WINDOW_BYTES;
}

static inline uint64_t channel_output_offset(uint32_t region, int slot)
{
    return channel_input_offset(region, slot) + CHANNEL_WINDOW_BYTES;
}

/* A number for one slot of one channel, not 0. */
static inline uint64_t channel_slot_name(uint32_t region, int slot)
{
    return (uint64_t)region * CHANNEL_SLOTS + (uint64_t)slot + 1;
}

/* Where the input rowset begins in a window that begins with a recipe of this size. */
static inline uint64_t channel_input_start(uint64_t recipe_size)
{
    return (recipe_size + 63) & ~(uint64_t)63;
}

#endif
