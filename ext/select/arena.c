#include "ext/select/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct ArenaBlock {
    ArenaBlock *next;
    alignas(max_align_t) unsigned char bytes[];
};

enum { BLOCK_BYTES = 8192 };

static bool add_block(Arena *arena, size_t size)
{
    ArenaBlock *block = malloc(sizeof *block + size);
    if (!block) {
        arena->failed = true;
        return false;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used = 0;
    arena->size = size;
    return true;
}

void *arena_take(Arena *arena, size_t size)
{
    if (size > (size_t)1 << 30) {
        arena->failed = true;
        return NULL;
    }
    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (arena->failed)
        return NULL;
    if ((!arena->blocks || arena->size - arena->used < size) &&
        !add_block(arena, size > BLOCK_BYTES ? size : BLOCK_BYTES))
        return NULL;
    void *memory = arena->blocks->bytes + arena->used;
    arena->used += size;
    return memset(memory, 0, size);
}

char *arena_copy(Arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

void *arena_grow(Arena *arena, void *items, int count, size_t item_size)
{
    /* Lists have room for 4, 8, 16 … items. */
    bool full = !items || (count >= 4 && (count & (count - 1)) == 0);
    if (!full)
        return items;
    size_t room = count < 4 ? 4 : (size_t)count * 2;
    void *grown = arena_take(arena, room * item_size);
    if (grown && items)
        memcpy(grown, items, (size_t)count * item_size);
    return grown;
}

void arena_free(Arena *arena)
{
    while (arena->blocks) {
        ArenaBlock *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    *arena = (Arena){0};
}
