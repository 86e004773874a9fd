/* FNV-1a of 64 bits (Fowler, Noll, Vo): for distinguishing texts and numbers that were not made to
 * collide. */
#ifndef PRICEMAP_HASH_H
#define PRICEMAP_HASH_H

#include <stdint.h>

/* The hash of nothing, from which each other one is made. */
#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(0x100000001b3);
}

/* A text with its end, so that two texts differ from one; NULL counts as an empty one. */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = hash_byte(hash, (unsigned char)*text);
    return hash_byte(hash, 0);
}

/* The first `length` bytes of a name, as SQLite compares names: without regard to the case of ASCII letters.
 */
static inline uint64_t hash_name(uint64_t hash, const char *name, int length)
{
    for (int i = 0; i < length; i++) {
        unsigned char letter = (unsigned char)name[i];
        hash = hash_byte(hash, letter >= 'A' && letter <= 'Z' ? (unsigned char)(letter + 32) : letter);
    }
    return hash;
}

/* Adds a number in one step instead of byte by byte, and mixes the upper half of the hash into the lower. */
static inline uint64_t hash_number(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

#endif
