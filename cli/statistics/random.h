/* Pseudo-random numbers that repeat from their seed. Pure; each state belongs to one thread. */
#ifndef PRICEREPORT_RANDOM_H
#define PRICEREPORT_RANDOM_H

#include <stdint.h>

/* The next of the 64-bit numbers that the state, at first the seed, leads to: splitmix64 (Steele, Lea, Flood
 * 2014). Inline, since resampling takes millions. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif
