/* Numbers that look random and are the same for the same seed on every machine. One thread. */
#ifndef SAMENESS_RANDOM_H
#define SAMENESS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Random {
    uint64_t state;
} Random;

/* splitmix64 (Steele, Lea, Flood, 2014). */
static inline uint64_t random_next(Random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 … below - 1; `below` at least 1. */
static inline int random_below(Random *random, int below)
{
    return (int)(random_next(random) % (uint64_t)below);
}

/* True once in `times`. */
static inline bool random_once_in(Random *random, int times)
{
    return random_below(random, times) == 0;
}

#define random_pick(random, list) ((list)[random_below(random, (int)(sizeof(list) / sizeof *(list)))])

#endif
