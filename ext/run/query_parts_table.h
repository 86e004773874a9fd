/* The virtual table over the parts of a query, which the query that combines them reads; see split_plan.h. */
#ifndef PRICEMAP_QUERY_PARTS_TABLE_H
#define PRICEMAP_QUERY_PARTS_TABLE_H

#include "ext/run/query_parts.h"
#include "ext/split/split_plan.h"

/* Parts that come one block after the other, and can be read once. */
typedef struct PartsStream {
    /*
     * Goes to the next rows: SQLITE_ROW with *rows set, valid until the next call, or with *row set to a
     * statement that stands on one row; SQLITE_DONE; else an error, with *message set (sqlite3_free it) or
     * NULL.
     */
    int (*next)(void *arg, const RowsetView **rows, sqlite3_stmt **row, char **message);
    void *arg;
    /* Whether reading has begun. */
    bool begun;
} PartsStream;

/* The rows of the table; outlives the connection that the table is registered on. */
typedef struct PartsSource {
    const SplitStage *stage;
    const Parts *parts;
    /* Stream of the parts, instead of those in `parts`; NULL: they are all there. */
    PartsStream *stream;
    /* Encoding of text in the parts: SQLITE_UTF8 or SQLITE_UTF16. */
    int encoding;
} PartsSource;

/* Registers the table on a connection that is none of the host's. SQLITE_OK or an error. */
int parts_table_register(sqlite3 *db, const PartsSource *source);

#endif
