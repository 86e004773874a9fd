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
/* And that of the view or the common table expression, where it reads one of the table instead. */
#define CHUNK_VIEW_NAME "pricemap source"

/* What the table shows. Owned by the evaluator, which sets it before each run of the statement. */
typedef struct ChunkScan {
    const char *declaration; /* CREATE TABLE text for sqlite3_declare_vtab */
    const int *input;        /* per column of the table: the rowset's column, or -1: not handed over */
    int rowid_input;         /* the rowset's column with the rowids, or -1 */
    int encoding;            /* of the rowset's text: SQLITE_UTF8 or SQLITE_UTF16 */
    RowsetView rows;
    uint32_t row;     /* the one that is being evaluated */
    uint32_t end_row; /* the scan ends before it */
    TaskControl *control;
    /* Whether the scan should end before its next row, asked with stop_arg; NULL: nobody is asked. */
    int (*stop)(void *arg);
    void *stop_arg;
    int cursors; /* open ones */
    /* Whether a cursor was put on the first row since the evaluator last cleared this. */
    bool read;
    /* Set by the evaluator where the time at which the scan left its first row is wanted; cleared, with
       `left_first_ns` set, when it did. */
    bool timed;
    int64_t left_first_ns;
    sqlite3_uint64 reads; /* columns that statements prepared so far read, a bit each; the last stands for all
                             from the 64th on */
} ChunkScan;

/* Registers the table on a connection. `scan` must outlive the connection. Returns SQLITE_OK or an error. */
int chunk_table_register(sqlite3 *db, ChunkScan *scan);

#endif
