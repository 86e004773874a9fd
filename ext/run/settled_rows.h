/*
 * The rows of a source that are read to their end before the first of them is used: what the host does with a
 * map's rows may change the source. SQLite's own way to keep them, a materialized subquery, would take their
 * subtypes off.
 *
 * The rows are kept as rowsets, blocks of them. All blocks but the last lie in a temporary database of SQLite
 * that belongs to the object alone, so that memory does not grow with the source. On the connection's thread
 * only.
 */
#ifndef PRICEMAP_SETTLED_ROWS_H
#define PRICEMAP_SETTLED_ROWS_H

#include "ext/data/rowset.h"

/* Zeros: there are no rows. */
typedef struct SettledRows {
    /* Temporary database of the blocks before the last one, and the statement that reads them; NULL: there
       are no such blocks. */
    sqlite3 *db;
    sqlite3_stmt *blocks;
    /* Last block. */
    Buffer last;
    /* Block that is read, whether it is the last one, and its next row. */
    RowsetView block;
    bool in_last;
    uint32_t row;
} SettledRows;

/*
 * Adds a block, a rowset that was finished, and whose bytes the object takes over: `block` is an empty buffer
 * afterwards. SQLITE_OK, or an error of the temporary database with *message set (sqlite3_free it), or
 * SQLITE_NOMEM.
 */
int settled_rows_add(SettledRows *settled, Buffer *block, char **message);

/*
 * Sets *rows and *row to the next row, which stays there until the next call. SQLITE_ROW; SQLITE_DONE at the
 * end; else an error as of settled_rows_add. No block is added after the first call.
 */
int settled_rows_next(SettledRows *settled, const RowsetView **rows, uint32_t *row, char **message);

/* Frees the rows; the object may be freed again. */
void settled_rows_free(SettledRows *settled);

#endif
