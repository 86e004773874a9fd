/*
 * The rows of a map, kept while it is the inner side of a join. SQLite asks for the rows of a virtual table
 * anew for each row of the outer side, and makes no index of its own over one: a map would run each time. So
 * a cursor that is asked with an equality keeps what its run gives, up to a bound, and looks up the next
 * ones.
 *
 * What is looked up is a superset of what is equal, in the order of the map: SQLite compares again, and it
 * alone knows affinities and collations. On the connection's thread.
 */
#ifndef PRICEMAP_KEPT_ROWS_H
#define PRICEMAP_KEPT_ROWS_H

#include "ext/data/rowset.h"

typedef struct KeptBlock {
    unsigned char *copy;
    RowsetView rows;
    /* The number of rows in the blocks before. */
    uint32_t before;
} KeptBlock;

typedef struct KeptRows {
    KeptBlock *blocks;
    int count, room;
    uint64_t bytes;
    uint32_t rows;
    /* Set once all rows are there: per number's hash, per row, and of the rows whose value is no number, the
       next row from 1; 0: none. */
    uint32_t *heads, *next;
    uint32_t head_mask, others;
} KeptRows;

/* A walk over the rows that may be equal to a value. */
typedef struct KeptLookup {
    /* The next row from 1 in each of the two lists; 0: none. */
    uint32_t number, other;
    /* All rows are walked: `number` counts them. */
    bool all;
} KeptLookup;

/* Copies further rows. False where they would be too many, or memory is short: nothing is kept any more. */
bool kept_rows_add(KeptRows *kept, const RowsetView *rows);

/* Stands for a column: the number of a row, from 1. */
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
