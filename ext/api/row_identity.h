/*
 * The number by which SQLite knows a row of a map. Where it reads one table in several scans, for the terms
 * of an OR or for a RIGHT JOIN, it recognises by this number the rows that it has had; and each scan may
 * request other rows, so that their positions say nothing. So the number is made of what the statement reads
 * of the row, and of the call that gives it: rows that are alike in all of that are numbered among
 * themselves, and it does not matter which of them is which.
 *
 * The number is computed where SQLite reads it, which few statements do; then a scan remembers each row's.
 */
#ifndef PRICEMAP_ROW_IDENTITY_H
#define PRICEMAP_ROW_IDENTITY_H

#include <stdbool.h>

#include "ext/data/rowset.h"

typedef struct RowIdentity {
    /* Hashes of rows of the scan, and the number of rows that had each; a hash table of `room` entries,
     * `used` of them taken. */
    uint64_t *hashes;
    uint32_t *counts;
    uint32_t room, used;
    /* Hash of the call that gives the rows, as of row_identity_call. */
    uint64_t call;
    /* Whether `current` is the number of the row that the scan is at. */
    bool known;
    int64_t current;
} RowIdentity;

/* Hash of a call: the values of the map's parameters, the first `count` columns of the first row of a rowset.
   They are hidden columns of the call's rows. */
uint64_t row_identity_call(const RowsetView *values, uint32_t count);

/* Begins a scan. */
void row_identity_restart(RowIdentity *identity);

/* Goes on to another row. */
void row_identity_next(RowIdentity *identity);

/* Gives the number of a row, which is its key (0: it has none) and the columns of a rowset from `first` on.
   SQLITE_OK, SQLITE_NOMEM or SQLITE_CORRUPT_VTAB. */
int row_identity_give(RowIdentity *identity, const RowsetView *rows, uint32_t row, uint32_t first,
                      int64_t key, int64_t *number);

/* Frees what it owns. */
void row_identity_free(RowIdentity *identity);

#endif
