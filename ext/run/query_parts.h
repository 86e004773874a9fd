/*
 * The parts of a query: the rows that workers gave for the ranges of a table, kept until they are combined.
 * On the connection's thread only.
 */
#ifndef PRICEMAP_QUERY_PARTS_H
#define PRICEMAP_QUERY_PARTS_H

#include <stdint.h>

#include "ext/data/rowset.h"
#include "ext/data/task.h"

/* Bytes of all parts together; a query with more is run whole. */
enum { PARTS_BYTES = 64 << 20 };

/* The rows of one range. */
typedef struct PartBlock {
    /* First rowid of the range, and the first one that the task had of the range's morsels: a range that was
       shared out gives several blocks. */
    int64_t first_rowid;
    uint32_t first_morsel;
    unsigned char *copy;
    RowsetView rows;
} PartBlock;

/* Zeros: there are none. */
typedef struct Parts {
    PartBlock *blocks;
    int count, room;
    uint64_t bytes, rows;
} Parts;

/* Copies what a done task gave. SQLITE_OK; SQLITE_CORRUPT where that is no rowset; SQLITE_TOOBIG where the
 * parts would be more than PARTS_BYTES; SQLITE_NOMEM. */
int query_parts_add(Parts *parts, const Task *task);

/* Puts the blocks into the order of the rows that they are of. */
void query_parts_sort(Parts *parts);

/* Frees them; the struct may be used again. */
void query_parts_free(Parts *parts);

#endif
