/*
 * A run of bytes that its owner can enlarge: on the heap, or in memory shared with another process. Rowsets
 * are written into buffers; their offsets stay valid when a buffer moves.
 */
#ifndef PRICEMAP_BUFFER_H
#define PRICEMAP_BUFFER_H

#include <stddef.h>

typedef struct Buffer Buffer;

struct Buffer {
    /* Bytes; the address may change whenever `reserve` is called; NULL while size is 0. */
    unsigned char *data;
    /* Number of bytes usable at data. */
    size_t size;
    /* errno of a `reserve` that failed, where it is not the heap's; 0: none. */
    int failure;
    /*
     * Makes at least `size` bytes usable and keeps what was there. Returns SQLITE_OK; SQLITE_NOMEM or
     * SQLITE_FULL with the buffer unchanged. Only the thread that writes the buffer may call it.
     */
    int (*reserve)(Buffer *buffer, size_t size);
};

/* An empty buffer on the heap. Free it with buffer_heap_free; freeing an empty or freed one does nothing. */
void buffer_heap_init(Buffer *buffer);
void buffer_heap_free(Buffer *buffer);

#endif
