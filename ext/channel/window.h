/*
 * Windows: parts of the shared memory as one process maps them. A window grows in place in the file, though
 * its address may change, and takes memory before it is written.
 */
#ifndef PRICEMAP_WINDOW_H
#define PRICEMAP_WINDOW_H

#include <stddef.h>
#include <stdint.h>

typedef struct Window {
    /* Address of the mapping; NULL while `size` is 0. */
    unsigned char *data;
    size_t size;
    /* Offset of the window in the shared memory. */
    uint64_t offset;
} Window;

/* `size` rounded up to the steps in which windows are enlarged, so that they rarely are. */
uint64_t window_round(uint64_t size);

/* Takes memory for bytes [from, to) of the window at `offset`. SQLITE_OK; SQLITE_FULL or SQLITE_NOMEM, and
   errno says why. */
int window_allocate(int memory, uint64_t offset, uint64_t from, uint64_t to);

/* Maps at least `size` bytes, which must have memory. The data may move. SQLITE_OK; SQLITE_FULL when that is
   beyond the window's end, or SQLITE_NOMEM: then the window is unchanged, and errno says why. */
int window_map(Window *window, int memory, uint64_t size);

/* window_allocate and window_map of what is missing up to `size`. */
int window_reserve(Window *window, int memory, uint64_t size);

/* Unmaps what is beyond `keep` bytes and, unless `memory` is -1, gives back all memory of the window beyond
   them. */
void window_trim(Window *window, int memory, size_t keep);

#endif
