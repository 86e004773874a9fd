#include "ext/evaluate/read_ahead.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 64 << 10,
    PAGE_LEAST = 512, /* smaller reads are of the file's header, which others may change at any time */
};

static bool holds(const ReadAhead *ahead, int64_t offset, int amount)
{
    return offset >= ahead->start && offset + amount <= ahead->start + ahead->length;
}

static void fill(ReadAhead *ahead, sqlite3_file *file, int64_t offset)
{
    sqlite3_int64 size = 0;
    ahead->length = 0;
    if (ahead->base->xFileSize(file, &size) != SQLITE_OK || offset >= size)
        return;
    int length = size - offset < BLOCK_BYTES ? (int)(size - offset) : BLOCK_BYTES;
    if (ahead->base->xRead(file, ahead->block, length, offset) != SQLITE_OK)
        return;
    ahead->start = offset;
    ahead->length = length;
}

/* Only a read that goes on where the last one ended is worth a block: in a table whose pages lie about, most
   of a block would be read for nothing. */
static int read_through(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset)
{
    ReadAhead *ahead = (ReadAhead *)(uintptr_t)file->pMethods;
    bool page = ahead->active && amount >= PAGE_LEAST;
    if (page && offset == ahead->next && !holds(ahead, offset, amount))
        fill(ahead, file, offset);
    ahead->next = offset + amount;
    if (!page || !holds(ahead, offset, amount))
        return ahead->base->xRead(file, to, amount, offset);
    memcpy(to, ahead->block + (offset - ahead->start), (size_t)amount);
    return SQLITE_OK;
}

/* Methods of an older version may be a shorter struct: no more is copied than there is. */
static size_t methods_size(const sqlite3_io_methods *methods)
{
    return methods->iVersion >= 3   ? sizeof *methods
           : methods->iVersion == 2 ? offsetof(sqlite3_io_methods, xFetch)
                                    : offsetof(sqlite3_io_methods, xShmMap);
}

void read_ahead_attach(ReadAhead *ahead, sqlite3 *db)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file ||
        !file->pMethods)
        return;
    ahead->block = malloc(BLOCK_BYTES);
    if (!ahead->block)
        return;
    ahead->base = file->pMethods;
    memcpy(&ahead->methods, ahead->base, methods_size(ahead->base));
    ahead->methods.xRead = read_through;
    file->pMethods = &ahead->methods;
}

void read_ahead_begin(ReadAhead *ahead)
{
    ahead->length = 0;
    ahead->next = -1;
    ahead->active = ahead->block != NULL;
}

void read_ahead_end(ReadAhead *ahead)
{
    ahead->active = false;
}

void read_ahead_free(ReadAhead *ahead)
{
    free(ahead->block);
    ahead->block = NULL;
}
