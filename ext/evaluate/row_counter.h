/*
 * How many rows a statement over a range of rowids met, found without asking it: count(*) would cost each row
 * of a cheap map a tenth. SQLite counts the instructions that a statement executes; where the loop over the
 * rows has no branches, each row takes the same number of them. On the statement's connection only.
 */
#ifndef PRICEMAP_ROW_COUNTER_H
#define PRICEMAP_ROW_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"

/* In instructions. */
typedef struct RowCounter {
    int64_t none;  /* of a run that meets no row at all */
    int64_t begin; /* more, once, where there is one */
    int64_t row;   /* of each row */
} RowCounter;

/*
 * Learns how the statement works: `sql` is its text, an aggregate over the rowids from ?1 to ?2. Runs it
 * once, over none. SQLITE_OK; SQLITE_ERROR where a row does not always take the same; another error of the
 * connection's.
 */
int row_counter_learn(RowCounter *counter, sqlite3_stmt *statement, const char *sql);

/* The rows that the statement has met since it was last asked, or learned from, by one run to its end. -1
   where that does not work out: this SQLite does not work as it explains. */
int64_t row_counter_rows(const RowCounter *counter, sqlite3_stmt *statement);

#endif
