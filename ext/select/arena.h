/*
 * Memory for a tree: what is taken is zeroed, and freed as a whole. An arena belongs to one thread. Once
 * memory was short the arena stays failed: its users may go on with what they have, and check at the end.
 */
#ifndef PRICEMAP_ARENA_H
#define PRICEMAP_ARENA_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *blocks;
    /* Bytes of the newest block that are taken, and its size. */
    size_t used, size;
    /* Whether memory was short. */
    bool failed;
} Arena;

/* Zeroed memory for any type; NULL where memory is short. Valid until arena_free. */
void *arena_take(Arena *arena, size_t size);

/* A copy of `length` bytes with a NUL after them; NULL where memory is short. */
char *arena_copy(Arena *arena, const char *text, size_t length);

/* Room for one more item in a list of `count` pointers, which grows by doubling: returns the list, or NULL
   where memory is short. A list that is NULL has no items. */
void *arena_grow(Arena *arena, void *items, int count, size_t item_size);

/* Frees all of it; the arena is empty then. */
void arena_free(Arena *arena);

#endif
