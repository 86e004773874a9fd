/*
 * The rows of a map, kept while it is the inner side of a join. SQLite reads a virtual table anew for each
 * row of the outer side, and makes no index of its own over one: a map would run each time. So a cursor that
 * is filtered by an equality keeps the rows of its run, up to a bound, and answers the next equalities from
 * them.
 *
 * The rows found are a superset of the equal ones, in the order of the map: SQLite compares again, and SQLite
 * alone knows affinities and collations. On the connection's thread.
 */
#ifndef PRICEMAP_KEPT_ROWS_H
#define PRICEMAP_KEPT_ROWS_H

#include "ext/data/rowset.h"

typedef struct KeptBlock {
    unsigned char *copy;
    RowsetView rows;
    /* Number of rows in the blocks before this one. */
    uint32_t before;
} KeptBlock;

typedef struct KeptRows {
    KeptBlock *blocks;
    int count, room;
    uint64_t bytes;
    uint32_t rows;
    /* Index, made once all rows are there: lists of rows, each linked by row numbers from 1, with 0 at the
     * end. `heads` has the first row of each hash of a number, `others` the first row whose value is no
     * number, and `next` the row after each row. */
    uint32_t *heads, *next;
    uint32_t head_mask, others;
} KeptRows;

/* A walk over the rows that may be equal to a value. */
typedef struct KeptLookup {
    /* Next row of each of the two lists, from 1; 0: none. */
    uint32_t number, other;
    /* Whether all rows are walked; `number` counts them then. */
    bool all;
} KeptLookup;

/* Copies further rows. False where they would be too many, or memory is short: then all kept rows are
 * freed. */
bool kept_rows_add(KeptRows *kept, const RowsetView *rows);

/* Number that stands for a column: the row's number, from 1. */
#define KEPT_NUMBER UINT32_MAX

/* Makes the index over a column of the rows, which are all there. Returns as kept_rows_add. */
bool kept_rows_index(KeptRows *kept, uint32_t column);

/* Begins a walk over the rows whose column may equal `value`. */
void kept_rows_find(const KeptRows *kept, sqlite3_value *value, KeptLookup *lookup);

/* The next row of the walk: its block's rows, its index in them and its number from 1. False at the end. */
bool kept_rows_next(const KeptRows *kept, KeptLookup *lookup, RowsetView *rows, uint32_t *row,
                    int64_t *number);

/* Frees what is kept; the struct may be used again. */
void kept_rows_free(KeptRows *kept);

#endif
