/*
 * Counts the rows that a statement over a range of rowids met, without count(*), which would cost each row of
 * a cheap map a tenth. SQLite counts the instructions that a statement executes; where the loop over the rows
 * has no branches, each row takes the same number of them. On the statement's connection only.
 */
#ifndef PRICEMAP_ROW_COUNTER_H
#define PRICEMAP_ROW_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"

/* Virtual-machine instructions that one run executes. */
typedef struct RowCounter {
    /* Instructions of a run over an empty range; 0: not learnt yet. */
    int64_t none;
    /* Instructions in addition, once, when there is a first row. */
    int64_t begin;
    /* Instructions of each row. */
    int64_t row;
} RowCounter;

/*
 * Reads how the statement works: `sql` is its text, an aggregate over the rowids from ?1 to ?2. Calls none of
 * its functions. SQLITE_OK; SQLITE_ERROR where a row does not always take the same; another error of the
 * connection's.
 */
int row_counter_read(RowCounter *counter, sqlite3_stmt *statement, const char *sql);

/* Readies the statement for the run from which row_counter_learn learns: over none, by its caller, to its
   end. The functions of an aggregate are called over none as well. */
void row_counter_empty(sqlite3_stmt *statement);

/* Learns from the run, and resets the statement. */
void row_counter_learn(RowCounter *counter, sqlite3_stmt *statement);

/* The number of rows that the statement has read since the last call, or since row_counter_learn, in one run
   to its end. Returns -1 when the count is not whole: this SQLite's instruction count does not follow its
   EXPLAIN; count with count(*) instead. */
int64_t row_counter_rows(const RowCounter *counter, sqlite3_stmt *statement);

#endif
