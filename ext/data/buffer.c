#include "ext/data/buffer.h"

#include <stdlib.h>

#include "ext/base/sqlite_api.h"

/* The C library's heap and not SQLite's: SQLite's allocator takes one process-wide mutex per call. */
static int heap_reserve(Buffer *buffer, size_t size)
{
    if (size <= buffer->size)
        return SQLITE_OK;
    size_t grown = buffer->size + buffer->size / 2;
    if (grown < size)
        grown = size;
    unsigned char *data = realloc(buffer->data, grown);
    if (!data)
        return SQLITE_NOMEM;
    buffer->data = data;
    buffer->size = grown;
    return SQLITE_OK;
}

void buffer_heap_init(Buffer *buffer)
{
    *buffer = (Buffer){.reserve = heap_reserve};
}

void buffer_heap_free(Buffer *buffer)
{
    free(buffer->data);
    buffer->data = NULL;
    buffer->size = 0;
}
