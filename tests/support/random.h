/* Choices by the numbers of cli/random.h. One thread. */
#ifndef SAMENESS_RANDOM_H
#define SAMENESS_RANDOM_H

#include <stdbool.h>

#include "cli/statistics/random.h"

typedef struct Random {
    uint64_t state;
} Random;

/* 0 … below - 1; `below` at least 1. */
static inline int random_below(Random *random, int below)
{
    return (int)(random_next(&random->state) % (uint64_t)below);
}

/* True once in `times`. */
static inline bool random_once_in(Random *random, int times)
{
    return random_below(random, times) == 0;
}

#define random_pick(random, list) ((list)[random_below(random, (int)(sizeof(list) / sizeof *(list)))])

#endif
