/*
 * The virtual table from which a part of a query takes its range, with the columns first_rowid and
 * last_rowid, or, where a key is cut, first_key and last_key: a row for each morsel of the task, taken when
 * the statement comes to it, as the host may give those that are left to another worker. Each is given once:
 * where the table is not the outermost loop the statement would come to it again and silently find nothing,
 * and is refused.
 */
#ifndef PRICEMAP_MORSEL_TABLE_H
#define PRICEMAP_MORSEL_TABLE_H

#include <stdbool.h>

#include "ext/data/rowset.h"
#include "ext/data/task.h"

#define MORSEL_TABLE_NAME "pricemap_morsel"

/* Morsels of the run that is under way. Zeros: there are none. */
typedef struct MorselScan {
    /* Order and control of the run, borrowed. */
    const TaskOrder *order;
    TaskControl *control;
    /* First and last key of each range, where a key is cut: "rowids" are numbers of these ranges then,
       from 1. Without rows: rowids are cut. And the encoding of the keys' texts. */
    RowsetView keys;
    int encoding;
    /* Whether a loop over the table was begun in this run, and number of morsels that it took. */
    bool begun;
    uint32_t taken;
} MorselScan;

/*
 * The ends of the range of an order. The first and the last range take in whatever a walk over all of the
 * table would: the least and the greatest rowid are claims of the file.
 */
int64_t morsel_range_first(const TaskOrder *order);
int64_t morsel_range_last(const TaskOrder *order);

/* The first or the last key of a range, by its number. False where there is none. */
bool morsel_key(const MorselScan *scan, int64_t range, bool last, RowsetValue *key);

/* Registers the table on a connection, which shows what `scan` has; that has to outlive the connection.
 * SQLITE_OK or an error. */
int morsel_table_register(sqlite3 *db, MorselScan *scan);

#endif
