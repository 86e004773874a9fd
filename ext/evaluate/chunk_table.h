/*
 * The virtual table `chunk`: the rows of one input rowset, seen by SQL. Eponymous, so it exists on a
 * connection as soon as it is registered. One cursor reads it at a time: a map that reads it again in a
 * subquery would silently see one chunk and not the source, so the second cursor is refused.
 */
#ifndef PRICEMAP_CHUNK_TABLE_H
#define PRICEMAP_CHUNK_TABLE_H

#include "ext/data/rowset.h"
#include "ext/data/task.h"

/* The name by which a recipe's statement calls the table. */
#define CHUNK_TABLE_NAME "chunk"
/* The name of a view of the table, or of a common table expression over it, which some statements read in its
 * stead. */
#define CHUNK_VIEW_NAME "pricemap source"

/* The function that gives the position in the source, from 1, of the row that is being evaluated. */
#define CHUNK_POSITION_FUNCTION "pricemap_position"

/* Rows that the table shows. Owned by the evaluator, which sets it before each run of the statement. */
typedef struct ChunkScan {
    /* CREATE TABLE text for sqlite3_declare_vtab. */
    const char *declaration;
    /* Column of the rowset, per column of the table; -1: not handed over. */
    const int *input;
    /* Column of the rowset with the rowids, or -1. */
    int rowid_input;
    /* Encoding of the rowset's text: SQLITE_UTF8 or SQLITE_UTF16. */
    int encoding;
    RowsetView rows;
    /* Row that is being evaluated. */
    uint32_t row;
    /* Row before which the scan ends. */
    uint32_t end_row;
    TaskControl *control;
    /* Hook that is called with stop_arg before each row and may end the scan; NULL: none. */
    int (*stop)(void *arg);
    void *stop_arg;
    /* Number of open cursors. */
    int cursors;
    /* Whether a cursor was put on the first row since the evaluator last cleared this. */
    bool read;
    /* Whether the evaluator wants the time at which the scan leaves its first row; cleared, with
       `left_first_ns` set, when it does. */
    bool timed;
    int64_t left_first_ns;
    /* Columns that statements prepared so far read, a bit each; the last bit stands for all from the 64th on.
     */
    sqlite3_uint64 reads;
} ChunkScan;

/* Registers the table on a connection. `scan` must outlive the connection. Returns SQLITE_OK or an error. */
int chunk_table_register(sqlite3 *db, ChunkScan *scan);

#endif
