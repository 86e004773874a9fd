/* The rows of a query, kept to be compared with those of the same query done in another way. */
#ifndef BENCH_QUERY_ROWS_H
#define BENCH_QUERY_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* Zeros: none. */
typedef struct QueryRows {
    sqlite3_value **values;
    size_t count, capacity;
    int columns;
} QueryRows;

/* Executes the statement and keeps its rows. To be freed also after -1. */
int query_rows_read(sqlite3_stmt *statement, QueryRows *rows, Failure *failure);
void query_rows_free(QueryRows *rows);

/* Whether both have the same values, numbers with a fraction within `tolerance` of the larger one: in their
 * order, or else in the order of their values, to which both are brought. */
bool query_rows_equal(QueryRows *a, QueryRows *b, double tolerance);

#endif
