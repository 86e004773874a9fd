/*
 * Columns and conditions that a statement requests of a map, beside its arguments: xBestIndex
 * (scan_request_offer) chooses from what SQLite offers and writes the choice into idxStr; xFilter
 * (scan_request_read) reads that, with the values of the moment. All of it only narrows what is computed:
 * SQLite checks every row again.
 *
 * idxStr is "USED,ORDER" and ";COLUMN,OPERATOR,COLLATION,FLAGS" for each condition, in the order of their
 * values, and after a space the same as EXPLAIN QUERY PLAN shows it to people. USED, in hexadecimal, has a
 * bit for each column of the map that is read, the last for all from the 64th on; in the function's form bit
 * 0 is its value. ORDER is that of PlanRequest. COLUMN is one of the map, -1 the key of the function's form,
 * or -2, with a LIMIT or an OFFSET as its operator.
 */
#ifndef PRICEMAP_SCAN_REQUEST_H
#define PRICEMAP_SCAN_REQUEST_H

#include "ext/plan/plan.h"
#include "ext/run/task_source.h"

/* Rows of a source of which nothing is known. */
enum { ROWS_UNKNOWN = 1000000 };

/* Facts of a column of a map that are known before the map is planned. */
typedef struct ColumnFacts {
    const char *name;
    ColumnCompares compares;
    /* How SQLite finds a row of the source by the column; and whether the column is the source's at all. */
    SourceSearch search;
    bool bare;
    /* Orders in which the rows of the map can come by this column: 1 ascending, 2 descending, as bits. */
    int orders;
} ColumnFacts;

/* The columns of a map, of which SQLite counts the first as `first_column`. */
typedef struct RequestColumns {
    const ColumnFacts *facts;
    int count;
    /* The facts of the key, in the function's form; NULL: there is no key. */
    const ColumnFacts *key;
    /* Rows of the source, as far as they are known. */
    double rows;
    /* Whether a row of the source gives one row of the map. */
    bool scalar;
} RequestColumns;

/*
 * Takes what SQLite offers: sets argvIndex from *next on, idxStr, cost and rows. In the function's form
 * SQLite's column 0 is the key. SQLITE_OK or SQLITE_NOMEM.
 */
int scan_request_offer(sqlite3 *db, sqlite3_index_info *info, const RequestColumns *columns, uint64_t used,
                       int *next);

/* Request of one scan. Zeros: all rows. */
typedef struct ScanRequest {
    PlanRequest plan;
    /* Values that the conditions compare with, one after the other; those that are copies are freed with it.
     */
    sqlite3_value **values;
    bool *copied;
    int value_count, value_room;
    /* Rows that a LIMIT with its OFFSET needs, -1 where there is none of them. */
    int64_t limit, offset;
    /* Values of the map's parameters and their names, the count is a part of the request; borrowed while
     * xFilter runs. */
    sqlite3_value *parameters[30];
    const char *const *parameter_names;
    /* Whether no row can meet the conditions. */
    bool never;
} ScanRequest;

/* Reads idxStr and the values from argv[0] on. SQLITE_OK or an error; scan_request_free in any case. */
int scan_request_read(ScanRequest *request, const char *text, const RequestColumns *columns,
                      sqlite3_value **argv);

/* The index of a condition that a column equals one value, and that value; -1: there is none. */
int scan_request_find_equality(const ScanRequest *request, sqlite3_value **value);

/* Makes the rowset of the conditions' values in `buffer`, for a plan whose texts have `encoding`. SQLITE_OK
   or SQLITE_NOMEM. */
int scan_request_make_values(const ScanRequest *request, int encoding, Buffer *buffer, RunValues *values);

/* Drops the conditions: the request is of all rows. */
void scan_request_forget_conditions(ScanRequest *request);

/* Frees what it owns, and zeroes it. */
void scan_request_free(ScanRequest *request);

#endif
