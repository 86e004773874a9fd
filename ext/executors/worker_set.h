/*
 * A set of workers by their index, for finding one that is free without a walk over all workers: finding,
 * adding and removing cost the same whatever the size of the pool. Belongs to one thread, or to a mutex.
 */
#ifndef PRICEMAP_WORKER_SET_H
#define PRICEMAP_WORKER_SET_H

#include <stdint.h>

#include "ext/base/limits.h"

enum { WORKER_SET_WORDS = EXECUTOR_WORKERS_MAX / 64 };

/* All zeros is the empty set. */
typedef struct WorkerSet {
    uint64_t words[WORKER_SET_WORDS];
} WorkerSet;

static inline void worker_set_add(WorkerSet *set, int worker)
{
    set->words[worker / 64] |= UINT64_C(1) << worker % 64;
}

static inline void worker_set_remove(WorkerSet *set, int worker)
{
    set->words[worker / 64] &= ~(UINT64_C(1) << worker % 64);
}

/* The least member that is not less than `from`; -1: there is none. */
static inline int worker_set_next(const WorkerSet *set, int from)
{
    for (int word = from / 64; word < WORKER_SET_WORDS; word++) {
        uint64_t members = set->words[word];
        if (word == from / 64)
            members &= ~UINT64_C(0) << from % 64;
        if (members)
            return word * 64 + __builtin_ctzll(members);
    }
    return -1;
}

#endif
